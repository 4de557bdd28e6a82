import { expect, it } from "vitest";
import { tableText } from "./table-text.js";

it("TABLE.md says what the rows say", async () => {
  await expect(tableText()).toMatchFileSnapshot("../TABLE.md");
});

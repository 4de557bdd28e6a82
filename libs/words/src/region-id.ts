/**
 * Names of regions and writers.
 *
 * A *region* is one place with its own servers and its own agent. A *writer* is one captured server in a region: the
 * unit of order, written `region/server`, for example `eu/0`. Keys that reside in some regions only are written under a
 * writer of their own, `region/server~group`, for example `eu/0~eu+us`: another log, the same server. Names are part of every
 * dot that was ever published, so they never change once a mesh runs.
 */
import { MeridianError } from "./error.js";

declare const regionBrand: unique symbol;
declare const writerBrand: unique symbol;

/** A region's name: lower-case letters, digits and hyphens, 1 to 32 characters, beginning with a letter. */
export type RegionId = string & { readonly [regionBrand]: true };

/** One captured server in one region, `region/server`, or its writer for a group, `region/server~group`. The source of a dot. */
export type WriterId = string & { readonly [writerBrand]: true };

const NAME = /^[a-z][a-z0-9-]{0,31}$/;
const SERVER = /^[a-z0-9][a-z0-9-]{0,31}$/;
const GROUP = /^[a-z0-9+-]{1,96}$/;
/** Between a server and a group. Stands in no name of a region or server. */
const OF_GROUP = "~";

/** Checks a region name. Throws `BAD_NAME`. */
export function regionId(name: string): RegionId {
  if (!NAME.test(name)) {
    throw new MeridianError("BAD_NAME", `region name ${JSON.stringify(name)} is not valid`, {
      advice: "use 1 to 32 lower-case letters, digits or hyphens, beginning with a letter",
    });
  }
  return name as RegionId;
}

/** Builds the writer id of a server in a region. Throws `BAD_NAME`. */
export function writerId(region: string, server: string): WriterId {
  regionId(region);
  if (!SERVER.test(server)) {
    throw new MeridianError("BAD_NAME", `server name ${JSON.stringify(server)} is not valid`, {
      advice: "use 1 to 32 lower-case letters, digits or hyphens",
    });
  }
  return `${region}/${server}` as WriterId;
}

/** Writers that were read before. A mesh has a handful, and each of its records, marks and cells names some. */
const known = new Map<string, WriterId>();
/** What is read beyond that was no mesh's: it is checked each time. */
const KNOWN_MAX = 1024;

/** Reads a writer id from its text form. Throws `BAD_NAME`. */
export function parseWriterId(text: string): WriterId {
  const before = known.get(text);
  if (before) return before;
  const writer = checkedWriterId(text);
  if (known.size < KNOWN_MAX) known.set(writer, writer);
  return writer;
}

function checkedWriterId(text: string): WriterId {
  const slash = text.indexOf("/");
  const tilde = text.indexOf(OF_GROUP);
  if (tilde < 0) return writerId(text.slice(0, Math.max(slash, 0)), text.slice(slash + 1));
  return checkedGroupWriter(writerId(text.slice(0, Math.max(slash, 0)), text.slice(slash + 1, tilde)), text.slice(tilde + 1));
}

/** The writer under which a server's writes of keys of a group are published; of no group (""): `writer` itself. Throws `BAD_NAME`. */
export function groupWriter(writer: WriterId, group: string): WriterId {
  return group === "" ? writer : checkedGroupWriter(writer, group);
}

function checkedGroupWriter(writer: WriterId, group: string): WriterId {
  if (!GROUP.test(group)) {
    throw new MeridianError("BAD_NAME", `group name ${JSON.stringify(group)} is not valid`, {
      advice: "a group is named by its regions, in order, with + between them",
    });
  }
  return `${writer}${OF_GROUP}${group}` as WriterId;
}

/** The name of a group: its regions in order. Throws `BAD_NAME` for fewer than two, one named twice, or too much text. */
export function groupNameOf(regions: readonly string[]): string {
  const name = [...regions].map(regionId).sort().join("+");
  const isSound = regions.length > 1 && new Set(regions).size === regions.length;
  if (isSound && GROUP.test(name)) return name;
  throw new MeridianError("BAD_NAME", `${JSON.stringify(regions.join(","))} is no group of regions`, {
    advice: "name two regions or more, each once, with 96 characters together at most",
  });
}

/** The group of a writer; "" for the writer of what every region gets. */
export function groupOf(writer: WriterId): string {
  const tilde = writer.indexOf(OF_GROUP);
  return tilde < 0 ? "" : writer.slice(tilde + 1);
}

/** The writer of what every region gets, of the same server. */
export function mainWriter(writer: WriterId): WriterId {
  const tilde = writer.indexOf(OF_GROUP);
  return tilde < 0 ? writer : (writer.slice(0, tilde) as WriterId);
}

/** The region part of a writer id. */
export function regionOf(writer: WriterId): RegionId {
  return writer.slice(0, writer.indexOf("/")) as RegionId;
}

/** The server part of a writer id. */
export function serverOf(writer: WriterId): string {
  return mainWriter(writer).slice(writer.indexOf("/") + 1);
}

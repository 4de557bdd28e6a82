/**
 * The part of the apply script that tells subscribers what clients of other regions have published. What the server does not
 * let it publish (only rights can do that) is named in a second mark; the rest of the batch goes on.
 */
import { OP_BYTE as DO } from "./op-byte.js";

/** Arguments of one message, its code among them. */
export const MESSAGE_WIDTH = 3;

/** Comparing nothing: a branch of the loop over operations. */
export const PASSING_MESSAGE = `elseif op == ${DO.publish} then i = i + ${MESSAGE_WIDTH}`;

/** Needs `try`, `pack` and `out`. */
export const TELLING = `
local silenced = false
local function tell(channel, message)
  local told = try('PUBLISH', channel, message)
  if type(told) ~= 'table' or not told.err then return end
  silenced = true
  out[#out + 1] = 'u' .. pack('>I4', #channel) .. channel .. pack('>I4', #told.err) .. told.err
end
`;

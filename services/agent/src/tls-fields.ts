/**
 * TLS towards a server: the options, and the files that they name.
 *
 * Whether TLS is spoken is said by the address (`rediss://`) and nowhere else. Files are read anew for every
 * connection, so that rotated certificates are taken up without a restart.
 */
import { readFileSync } from "node:fs";
import type { ConnectionOptions } from "node:tls";
import { option, type OptionsOf } from "@meridian/shell";
import { MeridianError } from "@meridian/words";

/** Fields of a `tls` group. */
export const TLS_FIELDS = {
  ca: option.text({ help: "PEM file with the certificate authority to trust, instead of the system's." }),
  cert: option.text({ help: "PEM file with this agent's certificate, where the server asks for one." }),
  key: option.text({ help: "PEM file with the key of `cert`." }),
  serverName: option.text({ help: "Name expected in the server's certificate, where it is not the host of the address." }),
  verify: option.boolean({ help: "Check the server's certificate. Turn off for tests only.", default: true }),
};

/** Checked TLS options. */
export type TlsOptions = OptionsOf<typeof TLS_FIELDS>;

/** The names of `tls` that were given; with a plain address they would be without effect. */
export function tlsNamesGiven(tls: TlsOptions): string[] {
  const names = (["ca", "cert", "key", "serverName"] as const).filter((name) => tls[name] !== undefined);
  return tls.verify ? names : [...names, "verify"];
}

/** Options for node:tls, with the files as they are now. Throws `BAD_OPTION` where one cannot be read. */
export function connectionOptions(tls: TlsOptions): ConnectionOptions {
  return {
    rejectUnauthorized: tls.verify,
    ...(tls.ca === undefined ? {} : { ca: pemFile(tls.ca) }),
    ...(tls.cert === undefined ? {} : { cert: pemFile(tls.cert) }),
    ...(tls.key === undefined ? {} : { key: pemFile(tls.key) }),
    ...(tls.serverName === undefined ? {} : { servername: tls.serverName }),
  };
}

function pemFile(path: string): Buffer {
  try {
    return readFileSync(path);
  } catch (cause) {
    throw new MeridianError("BAD_OPTION", `the TLS file ${path} cannot be read (${(cause as NodeJS.ErrnoException).code ?? "error"})`, {
      advice: "make it readable for the agent's user, or correct the path",
      cause,
    });
  }
}

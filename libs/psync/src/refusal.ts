/**
 * What a server's refusal or a broken connection means to the operator.
 *
 * Promises a code, advice and whether a retry can help for everything that a server or socket is known to say during
 * attach; what is unknown is passed on in the server's own words.
 */
import { MeridianError } from "@meridian/words";

interface Known {
  readonly pattern: RegExp;
  readonly code: "SERVER_UNAVAILABLE" | "SERVER_REFUSED" | "SERVER_UNSUPPORTED";
  readonly advice: string;
  readonly retryable: boolean;
}

/** In order; the first that fits is taken. The texts are those of Redis 2.8 to 8 and Valkey 7 to 9. */
const REFUSALS: readonly Known[] = [
  {
    pattern: /^NOAUTH\b|^ERR operation not permitted/i,
    code: "SERVER_REFUSED",
    advice: "the server wants a password: set username and password of this server",
    retryable: false,
  },
  {
    pattern: /^WRONGPASS\b|^ERR invalid (username|password)/i,
    code: "SERVER_REFUSED",
    advice: "correct username and password of this server, and see ACL GETUSER whether the user is on",
    retryable: false,
  },
  {
    pattern: /^ERR (AUTH <password> called without|Client sent AUTH, but no password)/i,
    code: "SERVER_REFUSED",
    advice: "the server's default user has no password: remove it from the options, or name a user",
    retryable: false,
  },
  {
    pattern: /^NOPERM\b/i,
    code: "SERVER_REFUSED",
    advice: "allow the capturing user to attach: ACL SETUSER <user> +psync +replconf",
    retryable: false,
  },
  {
    pattern: /^LOADING\b/i,
    code: "SERVER_UNAVAILABLE",
    advice: "none needed: the server loads its dataset, the agent tries again",
    retryable: true,
  },
  {
    pattern: /^(MASTERDOWN|NOMASTERLINK)\b/i,
    code: "SERVER_UNAVAILABLE",
    advice: "this server is a replica that lost its primary: repair that link, or attach to the primary",
    retryable: true,
  },
  {
    pattern: /unknown command|unsupported|disabled|not allowed/i,
    code: "SERVER_UNSUPPORTED",
    advice:
      "this server does not let replicas attach (managed services often refuse PSYNC, and rename-command can hide it): " +
      "capture needs PSYNC and REPLCONF",
    retryable: false,
  },
  {
    pattern: /max number of clients|BGSAVE failed|child process|fork/i,
    code: "SERVER_UNAVAILABLE",
    advice: "see the server's log: it is at a limit (clients, memory for a fork) and can accept a replica once that is gone",
    retryable: true,
  },
];

/** The error for a reply "-..." to `request`; `text` without the "-". */
export function refusalError(server: string, request: string, text: string): MeridianError {
  const known = REFUSALS.find(({ pattern }) => pattern.test(text));
  return new MeridianError(known?.code ?? "SERVER_REFUSED", `${server} answered ${request} with: ${text}`, {
    advice: known?.advice ?? "see what the server means; the agent needs PSYNC and REPLCONF of it",
    retryable: known?.retryable ?? false,
  });
}

/** The error for a socket that failed; `doing` completes "while ...". */
export function connectionError(server: string, doing: string, cause: Error | undefined): MeridianError {
  const code = (cause as NodeJS.ErrnoException | undefined)?.code ?? "";
  const why = cause === undefined ? "the connection ended" : cause.message;
  return new MeridianError("SERVER_UNAVAILABLE", `${server} was lost while ${doing}: ${why}`, {
    advice: connectionAdvice(code, why),
    retryable: true,
    ...(cause === undefined ? {} : { cause }),
  });
}

function connectionAdvice(code: string, why: string): string {
  if (code === "ECONNREFUSED") return "check that the server runs and listens on this address and port";
  if (code === "ENOTFOUND" || code === "EAI_AGAIN") return "check the host name and the resolver";
  if (/cert|tls|ssl/i.test(`${code} ${why}`)) return "check the TLS options: both sides must speak TLS and the certificate must be trusted";
  return "see the server's log: it may have been stopped, or have cut a replica that read too slowly (client-output-buffer-limit)";
}

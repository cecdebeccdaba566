// The token of a session: the worker logs in with name and password, renews the token before it expires, and limits its
// logins if the password is wrong. Argo CD delays failed logins, and after a few of them it refuses even the right password
// for some minutes.
import type { Clock } from '../../service/clock.ts';
import type { Log } from '../../service/log.ts';
import type { Credentials } from './credentials.ts';
import { ArgoCdError, type ArgoCdErrorKind } from './errors.ts';
import type { SecretSource } from './secret-source.ts';

export interface SessionOptions {
  readonly server: string;
  readonly username: string;
  readonly password: SecretSource<string>;
  /** Requests a token once. @throws ArgoCdError */
  readonly login: (username: string, password: string) => Promise<string>;
  readonly clock: Clock;
  readonly log: Pick<Log, 'info' | 'warn'>;
}

interface Session {
  readonly token: string;
  readonly password: string;
  readonly since: number;
  accepted: boolean;
  /** undefined: when Argo CD refuses the token */
  renewAt: number | undefined;
}

/** While a password is barred, only a different password is tried. */
interface Barred {
  readonly password: string;
  readonly until: number;
  readonly error: ArgoCdError;
}

/** Argo CD counts failures within 300 s, and allows five by default. With doubled pauses there are four. */
const barredMs = { least: 30_000, most: 600_000 };
/** Share of a token's lifetime after which the worker renews it. */
const usedShare = 0.8;
/**
 * A token that was never accepted and is refused within this time has not expired: a new token would be refused too. A
 * token that was accepted has lost its session, for example because Argo CD restarted with another key. That is assumed
 * at most once within this time.
 */
const youngMs = 60_000;

const refusals: readonly ArgoCdErrorKind[] = [
  'unauthenticated',
  'forbidden-or-missing',
  'not-permitted',
  'invalid',
];

export function sessionCredentials(options: SessionOptions): Credentials {
  const { server, username, clock, log } = options;
  let session: Session | undefined;
  let barred: Barred | undefined;
  let failures = 0;
  let loggingIn: Promise<string> | undefined;
  /** when a young session was last assumed to have ended */
  let endedYoungAt = Number.NEGATIVE_INFINITY;

  const bar = (password: string, describe: (seconds: number) => ArgoCdError) => {
    const ms = Math.min(barredMs.most, barredMs.least * 2 ** Math.min(failures, 10));
    failures += 1;
    barred = { password, until: clock.monotonic() + ms, error: describe(ms / 1000) };
    return barred.error;
  };

  const logIn = async (): Promise<string> => {
    const password = await options.password.current();
    if (barred !== undefined && barred.password === password && clock.monotonic() < barred.until)
      throw barred.error;
    let token: string;
    try {
      token = await options.login(username, password);
    } catch (error) {
      if (!(error instanceof ArgoCdError) || !refusals.includes(error.kind)) throw error;
      throw bar(password, (seconds) => notLoggedIn(error, seconds));
    }
    const since = clock.monotonic();
    const life = lifeOf(token, clock.now());
    log.info(
      `logged in at ${server} as ${username}${life === undefined ? '' : `, for ${Math.round(life / 1000)} s`}`,
    );
    failures = 0;
    barred = undefined;
    session = {
      token,
      password,
      since,
      accepted: false,
      renewAt: life === undefined ? undefined : since + life * usedShare,
    };
    return token;
  };

  const once = () => {
    loggingIn ??= logIn().finally(() => {
      loggingIn = undefined;
    });
    return loggingIn;
  };

  return {
    token: async () => {
      const held = session;
      if (held === undefined) return once();
      if (held.renewAt === undefined || clock.monotonic() < held.renewAt) return held.token;
      try {
        return await once();
      } catch (error) {
        // The old token is valid for the rest of its lifetime.
        held.renewAt = clock.monotonic() + barredMs.least;
        log.warn(`could not renew the session at ${server}: ${error instanceof Error ? error.message : ''}`);
        return held.token;
      }
    },
    accepted: (token) => {
      if (session?.token === token) session.accepted = true;
    },
    refused: (token) => {
      if (session?.token !== token) return;
      const { since, password, accepted } = session;
      session = undefined;
      options.password.expire();
      const now = clock.monotonic();
      if (now - since >= youngMs) return;
      if (accepted && now - endedYoungAt >= youngMs) endedYoungAt = now;
      else
        bar(
          password,
          (seconds) =>
            new ArgoCdError({
              kind: 'unauthenticated',
              message: `Argo CD at ${server} logs ${username} in, but refuses the token of that session: check whether a proxy in between removes the Authorization header. The next login is in ${seconds} s at the earliest`,
            }),
        );
    },
    remedy: `The session of ${username} has ended; the worker logs in again`,
  };
}

function notLoggedIn({ message, status }: ArgoCdError, seconds: number): ArgoCdError {
  return new ArgoCdError({
    kind: 'unauthenticated',
    message,
    remedy: `Check argocd.username and argocd.password (or argocd.passwordFile), and that the account may log in (accounts.<name>: login). The worker retries the same password in ${seconds} s at the earliest, and a new password in argocd.passwordFile at once`,
    status,
  });
}

/**
 * The lifetime of a token in milliseconds, from its own two timestamps, because this machine's clock may be wrong.
 * @returns undefined when the token does not contain it
 */
export function lifeOf(token: string, now: number): number | undefined {
  let claims: unknown;
  try {
    claims = JSON.parse(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString('utf8'));
  } catch {
    return undefined;
  }
  if (typeof claims !== 'object' || claims === null || !('exp' in claims)) return undefined;
  const { exp } = claims;
  const issued = 'iat' in claims && typeof claims.iat === 'number' ? claims.iat : now / 1000;
  return typeof exp === 'number' && exp > issued ? (exp - issued) * 1000 : undefined;
}

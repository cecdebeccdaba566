// The token of a session: logged in with name and password, renewed before it ends, and never asked for in quick
// succession where the password is wrong. Argo CD slows failed logins down, and after a few of them refuses the right
// password too, for some minutes.
import type { Clock } from '../../service/clock.ts';
import type { Log } from '../../service/log.ts';
import type { Credentials } from './credentials.ts';
import { ArgoCdError, type ArgoCdErrorKind } from './errors.ts';
import type { SecretSource } from './secret-source.ts';

export interface SessionOptions {
  readonly server: string;
  readonly username: string;
  readonly password: SecretSource<string>;
  /** One request for a token. @throws ArgoCdError */
  readonly login: (username: string, password: string) => Promise<string>;
  readonly clock: Clock;
  readonly log: Pick<Log, 'info' | 'warn'>;
}

interface Session {
  readonly token: string;
  readonly password: string;
  readonly since: number;
  accepted: boolean;
  /** undefined: when Argo CD refuses it */
  renewAt: number | undefined;
}

/** Another password than this one is tried at once. */
interface Barred {
  readonly password: string;
  readonly until: number;
  readonly error: ArgoCdError;
}

/** Argo CD counts failures in 300 s, five by default: with the doubling there are four. */
const barredMs = { least: 30_000, most: 600_000 };
/** Of a token's life that we use. */
const usedShare = 0.8;
/**
 * A token that is refused so soon, and never was accepted, was not refused for its age: a new one would be, too. One that
 * was accepted has lost its session, as by a restart of Argo CD with another key; that happens once in so long.
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
  /** when a young session was last taken for one that had ended */
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
        // The old one is still good for the rest of its life.
        held.renewAt = clock.monotonic() + barredMs.least;
        log.warn(`the session at ${server} was not renewed: ${error instanceof Error ? error.message : ''}`);
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
              message: `Argo CD at ${server} lets ${username} log in, but does not accept the token that it gave for that: does a proxy in between take the Authorization header away? The next login is in ${seconds} s at the earliest`,
            }),
        );
    },
    remedy: `The session of ${username} has ended; a new login follows`,
  };
}

function notLoggedIn({ message, status }: ArgoCdError, seconds: number): ArgoCdError {
  return new ArgoCdError({
    kind: 'unauthenticated',
    message,
    remedy: `Check argocd.username and argocd.password (or argocd.passwordFile), and that the account may log in (accounts.<name>: login). The same password is tried again in ${seconds} s at the earliest; another one in argocd.passwordFile at once`,
    status,
  });
}

/**
 * How long a token lives from its making, by what it says of itself, in milliseconds. By its own two time stamps, since
 * the clock of this machine may be wrong. Undefined where it does not say.
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

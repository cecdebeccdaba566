// Finds the account that sends a request, and its rights. Rights are globs over `project/name`.
import type { IncomingHttpHeaders } from 'node:http';
import { globPattern } from './glob.ts';
import type { Account, Token } from './world-description.ts';

type Authentication = { account: Account } | { problem: string };

export interface Accounts {
  authenticate(headers: IncomingHttpHeaders): Authentication;
  /** A new token. Undefined if there is no such account, or if the password is wrong. */
  logIn(username: string, password: string): string | undefined;
  may(account: Account, action: string, name: string): boolean;
  mayGetProject(account: Account, project: string): boolean;
}

const notLoggedIn = 'no session information';

export function createAccounts(accounts: readonly Account[], tokens: readonly Token[]): Accounts {
  const byName = new Map(accounts.map((account) => [account.name, account]));
  const byToken = new Map(tokens.map((token) => [token.token, token]));
  const globs = new Map<string, RegExp>();
  let sessions = 0;

  function matches(glob: string, name: string): boolean {
    let pattern = globs.get(glob);
    if (!pattern) {
      pattern = globPattern(glob);
      globs.set(glob, pattern);
    }
    return pattern.test(name);
  }

  return {
    authenticate(headers) {
      const given = givenToken(headers);
      if (given === undefined) return { problem: notLoggedIn };
      const token = byToken.get(given);
      const account = token && byName.get(token.account);
      if (!token || !account) {
        const wellFormed = /^[\w-]+\.[\w-]+\.[\w-]+$/.test(given);
        return { problem: wellFormed ? problems.forged(token) : notLoggedIn };
      }
      return token.state === 'valid' ? { account } : { problem: problems[token.state](token) };
    },
    logIn(username, password) {
      if (byName.get(username)?.password !== password) return undefined;
      sessions += 1;
      const token = `simulated.session-${sessions}-of-${username}.signature`;
      byToken.set(token, { token, account: username, state: 'valid', id: `session-${sessions}` });
      return token;
    },
    may({ name: accountName }, action, name) {
      // The current rights of the account. An open stream may have begun when they were different.
      const account = byName.get(accountName);
      if (account?.admin) return true;
      const granted = action === 'get' ? account?.get : action === 'sync' ? account?.sync : undefined;
      return (granted ?? []).some((glob) => matches(glob, name));
    },
    mayGetProject: ({ admin, projects }, project) => admin || projects.some((glob) => matches(glob, project)),
  };
}

const problems = {
  expired: () => 'invalid session: token has invalid claims: token is expired',
  forged: (_token?: Token) => 'invalid session: token signature is invalid: signature is invalid',
  revoked: (token: Token) =>
    `invalid session: account ${token.account} does not have token with id ${token.id}`,
};

/** From the header `Authorization: Bearer`, or else from the cookie of Argo CD's web page. */
function givenToken(headers: IncomingHttpHeaders): string | undefined {
  const [, bearer] = /^Bearer (.+)$/.exec(headers.authorization ?? '') ?? [];
  if (bearer !== undefined) return bearer;
  const [, cookie] = /(?:^|;\s*)argocd\.token=([^;]+)/.exec(headers.cookie ?? '') ?? [];
  return cookie;
}

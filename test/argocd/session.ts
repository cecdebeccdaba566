// POST /api/v1/session: returns a token for a name and a password.
import { json, refused, type Answer } from '../../argocd-simulator/http-answers.ts';
import type { Accounts } from './accounts.ts';
import { readAs, reader } from './go-json.ts';

export function logIn(accounts: Accounts, text: string): Answer {
  const body = readAs(text, (value) => {
    const request = 'SessionCreateRequest';
    const members = reader(value, request, '', `session.${request}`);
    return { username: members.string('username'), password: members.string('password') };
  });
  if ('problem' in body) return refused({ code: 3, message: body.problem });
  const token = accounts.logIn(body.username, body.password);
  if (token === undefined) return refused({ code: 16, message: 'Invalid username or password' });
  const answer = json({ token });
  const cookie = `argocd.token=${token}; path=/; SameSite=lax; httpOnly`;
  return { ...answer, headers: { ...answer.headers, 'Set-Cookie': cookie } };
}

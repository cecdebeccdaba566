// POST /api/v1/session: a token for name and password.
import { json, refused } from './answers.ts';
import type { Answer } from './answers.ts';
import { readAs, reader } from './go-json.ts';
import type { SimulatedWorld } from './world.ts';

export function logIn(world: SimulatedWorld, text: string): Answer {
  const body = readAs(text, (value) => {
    const request = 'SessionCreateRequest';
    const members = reader(value, request, '', `session.${request}`);
    return { username: members.string('username'), password: members.string('password') };
  });
  if ('problem' in body) return refused({ code: 3, message: body.problem });
  const token = world.accounts.logIn(body.username, body.password);
  if (token === undefined) return refused({ code: 16, message: 'Invalid username or password' });
  const answer = json({ token });
  const cookie = `argocd.token=${token}; path=/; SameSite=lax; httpOnly`;
  return { ...answer, headers: { ...answer.headers, 'Set-Cookie': cookie } };
}

// `node tools/home-assistant-token.js URL`: waits for a new Home Assistant, creates its first user, an administrator, and prints a
// long-lived access token. For `npm run test:home-assistant`.
import { randomBytes } from 'node:crypto';
import { setTimeout as wait } from 'node:timers/promises';
import { WebSocket } from 'ws';

const patienceMs = 5 * 60_000;
const [address = ''] = process.argv.slice(2);
if (!URL.canParse(address)) {
  process.stderr.write('usage: node tools/home-assistant-token.js http://127.0.0.1:8123\n');
  process.exit(2);
}
const url = address.replace(/\/+$/, '');
/** Home Assistant identifies a client by its address. */
const client = `${url}/`;

const deadline = Date.now() + patienceMs;
const steps = await onboardingSteps();
if (!steps.some(({ step, done }) => step === 'user' && !done)) {
  process.stderr.write(
    `${url} has users already: create a long-lived access token on the page of your profile\n`,
  );
  process.exit(1);
}
const { auth_code: code } = await post('/api/onboarding/users', {
  client_id: client,
  name: 'Test',
  username: 'test',
  // Nobody logs in with this password again.
  password: randomBytes(24).toString('base64url'),
  language: 'en',
});
const { access_token: access } = await post(
  '/auth/token',
  new URLSearchParams({ client_id: client, grant_type: 'authorization_code', code }),
);
const isOpen = (wanted) => steps.some(({ step, done }) => step === wanted && !done);
if (isOpen('core_config')) await post('/api/onboarding/core_config', {}, access);
if (isOpen('analytics')) await post('/api/onboarding/analytics', {}, access);
if (isOpen('integration'))
  await post('/api/onboarding/integration', { client_id: client, redirect_uri: client }, access);
await untilRunning();
process.stdout.write(`${await longLivedToken()}\n`);

async function onboardingSteps() {
  for (;;) {
    try {
      const response = await fetch(`${url}/api/onboarding`);
      if (response.ok) return await response.json();
      // The page disappears after the last step.
      if (response.status === 404) return [];
    } catch (error) {
      if (Date.now() > deadline) throw error;
    }
    if (Date.now() > deadline) throw new Error(`${url} is not ready after ${patienceMs / 60_000} minutes`);
    await wait(500);
  }
}

async function untilRunning() {
  for (;;) {
    const response = await fetch(`${url}/api/config`, { headers: { authorization: `Bearer ${access}` } });
    if (response.ok && (await response.json()).state === 'RUNNING') return;
    if (Date.now() > deadline)
      throw new Error(`${url} has not started after ${patienceMs / 60_000} minutes: read its log`);
    await wait(500);
  }
}

async function post(path, body, token) {
  const isForm = body instanceof URLSearchParams;
  const response = await fetch(`${url}${path}`, {
    method: 'POST',
    headers: {
      ...(isForm ? {} : { 'content-type': 'application/json' }),
      ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
    },
    body: isForm ? body : JSON.stringify(body),
  });
  const text = await response.text();
  if (!response.ok) throw new Error(`POST ${url}${path}: ${response.status} ${text}`);
  return JSON.parse(text);
}

/** Home Assistant creates such tokens only through its WebSocket. */
function longLivedToken() {
  return new Promise((resolve, reject) => {
    const socket = new WebSocket(`${url.replace(/^http/, 'ws')}/api/websocket`);
    socket.on('error', reject);
    socket.on('message', (bytes) => {
      const message = JSON.parse(new TextDecoder().decode(bytes));
      if (message.type === 'auth_required')
        socket.send(JSON.stringify({ type: 'auth', access_token: access }));
      else if (message.type === 'auth_ok')
        socket.send(
          JSON.stringify({ id: 1, type: 'auth/long_lived_access_token', client_name: 'tests', lifespan: 1 }),
        );
      else {
        socket.close();
        if (message.success === true) resolve(message.result);
        else reject(new Error(`${url} did not create a token: ${JSON.stringify(message)}`));
      }
    });
  });
}

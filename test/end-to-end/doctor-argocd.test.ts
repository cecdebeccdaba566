// What `release-button doctor` reports about an Argo CD that is healthy, odd, slow or refuses, and about the selections
// of the buttons.
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import {
  doctor,
  environment,
  password,
  serve,
  startBroker,
  startArgoCd,
  token,
  worldWithToken,
} from '../support/doctor.ts';
import { createWorkplace, type Workplace } from '../support/processes.ts';

let workplace: Workplace;
beforeEach(() => {
  workplace = createWorkplace();
});
afterEach(() => workplace.clear());

describe('release-button doctor with an Argo CD', () => {
  it('reports a wrong token, and does not show it', async () => {
    const control = await startArgoCd(workplace);
    const wrongToken = `${token.slice(0, -4)}AAAA`;
    const { failures, row, output } = await doctor(
      workplace,
      environment(await startBroker(workplace), control.url, { ARGOCD_AUTH_TOKEN: wrongToken }),
    );
    expect(failures).toEqual(['account']);
    expect(row('account').found).toContain('does not accept the token');
    expect(row('account').remedy).toContain('argocd account generate-token');
    expect(row('argocd').status).toBe('ok');
    expect(row('applications').status).toBe('skipped');
    expect(output).not.toContain(wrongToken);
  });

  it('does not send its secrets to a server that is not Argo CD', async () => {
    const requests: string[] = [];
    const port = await serve((request, response) => {
      requests.push(`${request.url ?? ''} ${JSON.stringify(request.headers)}`);
      response.setHeader('content-type', 'text/html').end('<h1>It works!</h1>');
    });
    const { failures, row } = await doctor(
      workplace,
      environment(await startBroker(workplace), `http://127.0.0.1:${port}`),
    );
    expect(failures).toEqual(['argocd']);
    expect(row('argocd').found).toMatch(/is not Argo CD's$/);
    expect(row('argocd').remedy).toContain('argocd.server');
    expect(requests.length).toBeGreaterThan(0);
    expect(requests.join('\n')).not.toContain(token);
  });

  it('removes the token from what a server repeats', async () => {
    const port = await serve((request, response) => {
      response.setHeader('content-type', 'application/json');
      const authorization = request.headers.authorization ?? token;
      if (request.url === '/api/version') response.end(JSON.stringify({ Version: authorization }));
      else if (request.url === '/api/v1/session/userinfo')
        response.end(JSON.stringify({ loggedIn: true, username: authorization }));
      else response.writeHead(500).end(JSON.stringify({ code: 2, message: authorization }));
    });
    const { row } = await doctor(
      workplace,
      environment(await startBroker(workplace), `http://127.0.0.1:${port}`),
    );
    expect(row('account').found).toContain('<secret>');
  });

  it('opens a session with user name and password, and reports a wrong password', async () => {
    const port = await serve((request, response) => {
      let body = '';
      request.setEncoding('utf8').on('data', (chunk: string) => (body += chunk));
      request.on('end', () => {
        response.setHeader('content-type', 'application/json');
        const isKnownToken = request.headers.authorization === `Bearer ${token}`;
        if (request.url === '/api/version') response.end('{"Version":"v3.6.0"}');
        else if (request.url === '/api/v1/session') {
          if (body.includes(password)) response.end(JSON.stringify({ token }));
          else response.writeHead(401).end('{"code":16,"message":"Invalid username or password"}');
        } else if (request.url?.endsWith('/userinfo') === true)
          response.end(JSON.stringify(isKnownToken ? { loggedIn: true, username: 'button' } : {}));
        else response.end('{"items":null}');
      });
    });
    const { ARGOCD_AUTH_TOKEN: _, ...env } = environment(
      await startBroker(workplace),
      `http://127.0.0.1:${port}`,
    );
    const doctorWithPassword = (word: string) =>
      doctor(workplace, {
        ...env,
        RELEASE_BUTTON_ARGOCD_USERNAME: 'button',
        RELEASE_BUTTON_ARGOCD_PASSWORD: word,
      });
    const accepted = await doctorWithPassword(password);
    expect(accepted.row('account')).toMatchObject({ status: 'ok', found: 'logged in as button' });
    expect(accepted.row('applications').remedy).toContain('applications, get');
    const refused = await doctorWithPassword('another-password-of-mine');
    expect(refused.failures).toEqual(['account']);
    expect(refused.row('account').found).toContain('Invalid username or password');
    expect(refused.row('account').remedy).toContain('argocd.password');
    expect(refused.output).not.toContain('another-password-of-mine');
  });

  it('ends in time if Argo CD answers every question slowly', async () => {
    const control = await startArgoCd(workplace);
    await control.post('faults', { requests: [{ path: '*can-i*', hang: true }] });
    const { row } = await doctor(workplace, environment(await startBroker(workplace), control.url));
    expect(row('button', 'main')).toMatchObject({ details: { selected: 2, syncAsked: 0 } });
    expect(row('button', 'main').status).not.toBe('ok');
  });

  it('reports names that do not exist in a selection, and a button that selects nothing', async () => {
    const control = await startArgoCd(workplace);
    const buttons = [
      { id: 'main', select: { names: ['shop', 'blgo'] }, waves: [['blog'], ['shop']] },
      { id: 'empty', select: { projects: ['payments'] } },
    ];
    const { failures, row } = await doctor(
      workplace,
      environment(await startBroker(workplace), control.url, {
        RELEASE_BUTTON_WORKER_BUTTONS: JSON.stringify(buttons),
      }),
    );
    expect(failures).toEqual(['button main', 'button empty']);
    expect(row('button', 'main').details?.['unmatched']).toEqual([
      'select.names has blgo, but no application with this name is visible (did you mean blog?)',
      'waves[0] has blog, but the rest of the selection leaves it out',
    ]);
    expect(row('button', 'empty').found).toContain('selects 0 applications');
    expect(row('button', 'empty').found).toContain('select.projects has payments');
    expect(row('button', 'empty').remedy).toContain('whether the project payments exists');
  });

  it('reports a token that may not sync, with the missing line of the policy', async () => {
    const control = await startArgoCd(
      workplace,
      worldWithToken({ accounts: [{ name: 'button', get: ['*'], sync: ['default/blog'] }] }),
    );
    const { failures, row } = await doctor(workplace, environment(await startBroker(workplace), control.url));
    expect(failures).toEqual(['button main']);
    expect(row('button', 'main').found).toContain('may not sync argocd/shop');
    expect(row('button', 'main').details).toMatchObject({ syncAsked: 2, syncRefused: ['argocd/shop'] });
    expect(row('button', 'main').remedy).toContain('p, button, applications, sync, default/*, allow');
  });

  it('does not ask whether a button may sync if its gestures only refresh', async () => {
    const control = await startArgoCd(
      workplace,
      worldWithToken({ accounts: [{ name: 'button', get: ['*'] }] }),
    );
    const { failures, row } = await doctor(
      workplace,
      environment(await startBroker(workplace), control.url, {
        RELEASE_BUTTON_WORKER_BUTTONS: '[{"id":"main","select":{"all":true},"on":{"press":"refresh"}}]',
      }),
    );
    expect(failures).toEqual([]);
    expect(row('button', 'main').found).toContain('none of its gestures releases');
  });

  it('reports a missing project, and how to restore it', async () => {
    const control = await startArgoCd(
      workplace,
      worldWithToken({
        applications: [
          {
            name: 'shop',
            source: { repoURL: 'https://git.example/shop.git', path: '.', targetRevision: 'main' },
          },
          {
            name: 'orphan',
            project: 'gone',
            projectMissing: true,
            source: { repoURL: 'https://git.example/shop.git', path: '.', targetRevision: 'main' },
          },
        ],
        accounts: [{ name: 'button', get: ['*'], sync: ['*'] }],
      }),
    );
    const { failures, row } = await doctor(workplace, environment(await startBroker(workplace), control.url));
    expect(failures).toEqual(['control-plane project gone']);
    expect(row('control-plane', 'project gone').found).toContain('argocd/orphan');
    expect(row('control-plane', 'project gone').remedy).toContain('argocd proj create gone');
  });

  it('suspects the repository server if nothing can be compared', async () => {
    const control = await startArgoCd(workplace);
    await control.post('faults', { repositoryServerDown: true });
    for (const name of ['shop', 'blog'])
      await fetch(`${control.url}/api/v1/applications/${name}?refresh=normal`, {
        headers: { authorization: `Bearer ${token}` },
      });
    const { failures, row } = await doctor(workplace, environment(await startBroker(workplace), control.url));
    expect(failures).toEqual(['control-plane repository server']);
    expect(row('control-plane', 'repository server').found).toContain('ComparisonError');
    expect(row('control-plane', 'repository server').remedy).toContain('argocd-repo-server');
  });

  it('suspects the application controller if an operation does not start', async () => {
    const control = await startArgoCd(workplace);
    await control.post('faults', { controllerDown: true });
    await fetch(`${control.url}/api/v1/applications/shop/sync`, {
      method: 'POST',
      headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
      body: '{}',
    });
    const { failures, row } = await doctor(workplace, environment(await startBroker(workplace), control.url));
    expect(failures).toEqual(['control-plane application controller']);
    expect(row('control-plane', 'application controller').found).toContain('argocd/shop');
    expect(row('control-plane', 'application controller').remedy).toContain('argocd-application-controller');
  });
});

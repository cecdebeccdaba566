// A stop leaves nothing open, and ends in time, whatever happens during the stop.
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createWorkplace, type Workplace } from '../support/processes.ts';
import { controlOf, worldOf } from '../support/argocd-control.ts';
import { until } from '../support/wait.ts';

describe('a stop', () => {
  let workplace: Workplace;
  beforeEach(() => {
    workplace = createWorkplace();
  });
  afterEach(() => workplace.clear());

  it('leaves no socket, timer or file open: a process that starts and stops everything ends by itself', async () => {
    const child = workplace.spawn(process.execPath, [join(import.meta.dirname, 'everything.child.mjs')], {
      RELEASE_BUTTON_BROKER_PORT: '0',
      RELEASE_BUTTON_SIMULATOR_PORT: '0',
    });
    await child.untilOutput('stopped');
    expect(await child.exited).toEqual({ code: 0, signal: null });
    expect(child.output()).toContain('running true');
  });

  it('in the middle of a release ends with exit code 0, and the release continues at the next start', async () => {
    const argocd = await controlOf(workplace.startArgoCd());
    await argocd.post('world', worldOf([{ name: 'shop', drifted: true, syncMs: 2_000 }]));
    const env = {
      RELEASE_BUTTON_WORKER_BUTTONS: '[{"id":"main","select":{"all":true}}]',
      ARGOCD_SERVER: argocd.url,
      ARGOCD_AUTH_TOKEN: 'simulated',
    };
    const first = workplace.start(['start', '--argocd'], env);
    const broker = await first.untilListening((line) => line['part'] === 'broker');
    await first.untilOutput(/"signal":"drifted"/);
    const press = workplace.start(['press'], { RELEASE_BUTTON_MQTT_URL: broker });
    expect(await press.exited).toMatchObject({ code: 0 });
    await until('the POST', async () => (await argocd.syncs()).length === 1);
    first.signal('SIGTERM');
    expect(await first.exited).toEqual({ code: 0, signal: null });

    const second = workplace.start(['start', '--argocd'], env);
    await second.untilOutput(/release succeeded/);
    expect(await argocd.syncs()).toHaveLength(1);
  });
});

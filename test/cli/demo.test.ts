// The configuration of the demo: all its faults are reported at once.
import { expect, it } from 'vitest';
import { loadStart } from '../../cli/demo.ts';
import { ConfigError } from '../../config/problems/problem.ts';
import { directory } from '../config/support.ts';

it('reports a fault of the simulator together with all others, and each fault once', async () => {
  const env = {
    RELEASE_BUTTON_SIMULATOR_PORT: '99999',
    RELEASE_BUTTON_SIMULATOR_TOKEN: '"quoted"',
    RELEASE_BUTTON_BROKER_PORT: '99999',
  };
  const failed = await loadStart({ cwd: await directory(), env, flags: {} }, false).catch(
    (error: unknown) => error,
  );
  expect(failed).toBeInstanceOf(ConfigError);
  const keys = failed instanceof ConfigError ? failed.problems.map(({ key }) => key) : [];
  expect(keys.toSorted()).toEqual(['broker.port', 'simulator.port', 'simulator.token']);
});

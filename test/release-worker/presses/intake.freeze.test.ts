// A freeze and a press at the same time: once somebody was told that it is frozen, nothing is accepted.
import { describe, expect, it } from 'vitest';
import type { Hold } from '../../../release-worker/presses/candidate.ts';
import type { Decision } from '../../../release-worker/presses/decision.ts';
import { until } from '../../support/wait.ts';
import { button } from '../support/buttons.ts';
import { accepting, takingIn } from '../support/intake.ts';
import { settle } from '../support/settle.ts';

describe('a freeze that comes while a press is decided', () => {
  const deciding = async (decision: Decision, action: 'release' | 'refresh') => {
    const now: { frozen?: Hold } = {};
    let decide = (_: Decision) => {};
    const taken = takingIn({
      buttons: [button({ on: { press: action } })],
      frozen: () => now.frozen,
      decide: () =>
        new Promise((resolve) => {
          decide = resolve;
        }),
    });
    taken.press({ id: 'p1' });
    await settle();
    now.frozen = { why: 'frozen: the sale, by ops', alone: false };
    decide(decision);
    const [result] = await until('the result', () => taken.results().length > 0 && taken.results());
    return { result, taken };
  };

  it('counts: whoever froze was told that nothing is released', async () => {
    const { result, taken } = await deciding(accepting, 'release');
    expect(result).toMatchObject({
      outcome: 'rejected',
      reason: 'frozen',
      message: expect.stringContaining('the sale'),
    });
    expect(taken.released).toEqual([]);
  });

  it('keeps no look at Git back', async () => {
    const look: Decision = { outcome: 'accepted', refresh: [], message: 'Argo CD looks at Git again' };
    expect((await deciding(look, 'refresh')).result).toMatchObject({ outcome: 'accepted' });
  });
});

// `release-button argocd-simulator`: the simulated Argo CD alone.
import type { Command } from 'commander';
import { loadConfig } from '../../config/load.ts';
import { systemClock } from '../../service/clock.ts';
import { createParts, runUntilSignal } from '../../service/life-cycle.ts';
import { createLog } from '../../service/log.ts';
import { addConfigFlags } from '../flags.ts';
import { processEdge } from '../run.ts';
import { simulatorPart } from '../simulator.ts';

export async function configure(command: Command): Promise<void> {
  const sections = ['log', 'simulator'] as const;
  const given = await addConfigFlags(command, sections);
  command.action(async () => {
    const { config } = await loadConfig({ sections, cwd: process.cwd(), env: process.env, ...given() });
    const log = await createLog(config.log, 'argocd-simulator');
    const parts = createParts([simulatorPart(config.simulator, log)], log);
    await runUntilSignal({ parts, clock: systemClock(), log, edge: processEdge });
  });
}

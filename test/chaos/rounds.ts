// Plays the rounds: drift, press, fault, truth, return, truth, and a check of all retained messages.
import { join } from 'node:path';
import { until } from '../support/wait.ts';
import { brokerFiguresOf, figuresOf, type BrokerFigures, type Figures } from './figures.ts';
import { retained } from './message-log.ts';
import { main, stateFolderOf, type Installation } from './installation.ts';
import { createLedgerReader, type Ledger } from './ledger.ts';
import { createPressing, type Press } from './pressing.ts';
import {
  environmentOf,
  environments,
  kindOf,
  type Environment,
  type PartName,
  type Round,
} from './schedule.ts';
import {
  faultTruth,
  killBoundMs,
  returnBoundMs,
  stopBoundMs,
  wholeTruth,
  type Facts,
  type Problem,
} from './truth.ts';
import { problemsOf } from './whole.ts';

export interface Truth {
  readonly round: Round;
  readonly environment: Environment;
  /** `beside`: a part of the other environment is away */
  readonly after: 'kill' | 'stop' | 'beside' | 'return' | 'drift';
  readonly ms: number;
  readonly boundMs: number;
  /** what was still wrong when the time was over */
  readonly problem: Problem;
}

/** When a part was away or on its way back, in monotonic milliseconds. */
export interface Away {
  readonly part: PartName;
  readonly from: number;
  readonly to: number;
}

export interface Sample {
  readonly round: number;
  readonly agent: Figures;
  readonly worker: Figures;
  readonly broker: BrokerFigures;
}

export interface Played {
  readonly truths: readonly Truth[];
  /** what was wrong with the retained messages, by round */
  readonly notWhole: readonly string[];
  readonly away: readonly Away[];
  readonly samples: readonly Sample[];
  readonly presses: readonly Press[];
  readonly ledgers: Readonly<Record<Environment, Ledger>>;
  /** the difference from monotonic milliseconds to milliseconds since the epoch */
  readonly wallOffset: number;
}

/** The subscriber, two agents and three workers. A client that reconnects must not leave another one behind. */
export const clientsAtRest = 6;

/** Waits this long beyond the bound, because a report that says how late it was helps more. */
const graceMs = 15_000;
const pollMs = 20;
/** Twice as long as a release may take (installation.ts), because two releases may follow each other. */
const releaseEndMs = 40_000;

export async function playRounds(installation: Installation, rounds: readonly Round[]): Promise<Played> {
  const { messageLog, argocd, folder, brokerPort } = installation;
  const pressing = createPressing(installation);
  const ledgerOf = (environment: Environment) => createLedgerReader(join(folder, stateFolderOf(environment)));
  const ledgers = { main: ledgerOf('main'), staging: ledgerOf('staging') };
  const isReleasing = (environment: Environment) => ledgers[environment]().open.length > 0;
  const untilAllEnd = () =>
    until('every release to end', () => !environments.some(isReleasing), releaseEndMs);
  const truths: Truth[] = [];
  const notWhole: string[] = [];
  const away: Away[] = [];
  const samples: Sample[] = [];
  const signalSaid = new Map<Environment, unknown>();

  const wallOffset = Date.now() - performance.now();
  const facts = (id: Environment, outOfSync: number): Facts => {
    const now = performance.now();
    const { last, acceptedSince, open } = ledgers[id]();
    const led = messageLog.latest(`${main}/led/${id}/state`);
    const drift = messageLog.latest(`${main}/worker/${id}/drift`);
    const { signal } = messageLog.latest(`${main}/button/${id}/signal`);
    if (signal !== signalSaid.get(id)) pressing.signalChanged(id);
    signalSaid.set(id, signal);
    return {
      now,
      light: installation.light(id),
      received: {
        pattern: led['pattern'],
        because: led['because'],
        signal,
        agent: messageLog.text(`${main}/agent/main/availability`),
        worker: messageLog.text(`${main}/worker/${id}/availability`),
        driftState: drift['state'],
        outOfSync: drift['outOfSync'],
      },
      outOfSync,
      openReleases: open.length,
      last:
        last === undefined || acceptedSince
          ? undefined
          : { succeeded: last.outcome === 'succeeded', at: Date.parse(last.at) - wallOffset },
      droppedAt: pressing.droppedAt(id),
      unanswered: pressing.isUnanswered(id),
    };
  };
  const problemNow = async (id: Environment) =>
    wholeTruth(facts(id, (await argocd[id].world.outOfSync()).length));
  const isWhole = async () =>
    (await Promise.all(environments.map(problemNow))).every((problem) => problem === undefined);

  /** Waits until there is no problem, and records how long that took. */
  const untilTrue = async (
    truth: Pick<Truth, 'round' | 'environment' | 'after' | 'boundMs'>,
    startedAt: number,
    findProblem: () => Problem | Promise<Problem>,
  ) => {
    for (;;) {
      const problem = await findProblem();
      const ms = performance.now() - startedAt;
      if (problem === undefined || ms > truth.boundMs + graceMs) {
        truths.push({ ...truth, ms, problem });
        return;
      }
      await wait(pollMs);
    }
  };

  const driftAsNeeded = async (round: Round) => {
    if (round.calm) await untilAllEnd();
    await Promise.all(
      environments.map(async (environment) => {
        const { world } = argocd[environment];
        if (isReleasing(environment) || (await world.outOfSync()).length > 0) return;
        await world.drift(round.drift);
        const about = { round, environment, after: 'drift', boundMs: killBoundMs } as const;
        await untilTrue(about, performance.now(), () => problemNow(environment));
      }),
    );
  };

  /**
   * Kills or pauses the part, waits until the lights show it, and lets the part return.
   * @returns when the return began
   */
  const breakPart = async (round: Round) => {
    const { part, fault, press } = round;
    const during = async () => {
      if (press.moment !== 'during') return;
      await wait(press.apartMs);
      pressing.press(round);
    };
    const ownEnvironment = environmentOf(part);
    const untilNoticed = (after: 'kill' | 'stop', since: number) =>
      Promise.all(
        environments.map(async (environment) => {
          const boundMs = after === 'kill' ? killBoundMs : stopBoundMs;
          if (ownEnvironment === undefined || ownEnvironment === environment)
            await untilTrue({ round, environment, after, boundMs }, since, () =>
              faultTruth[kindOf(part)](facts(environment, 0)),
            );
          else
            await untilTrue({ round, environment, after: 'beside', boundMs: returnBoundMs }, since, () =>
              problemNow(environment),
            );
        }),
      );
    const since = performance.now();
    if (fault === 'kill') {
      await installation.kill(part);
      if (round.comesBack === 'once noticed') {
        await Promise.all([during(), untilNoticed('kill', since)]);
        await installation.restart(part);
      } else await Promise.all([during(), installation.restart(part)]);
      return performance.now();
    }
    const goOn = installation.stop(part);
    if (fault === 'stop') await Promise.all([during(), untilNoticed('stop', since)]);
    else await Promise.all([during(), wait(round.pauseMs)]);
    goOn();
    return performance.now();
  };

  const lookAtRetained = async (round: Round) => {
    let problems: readonly string[] = ['nobody could look'];
    const areRetainedWhole = async () => {
      problems = problemsOf(
        await retained({ brokerPort, cwd: folder }),
        environments.filter((environment) => ledgers[environment]().finished.size > 0),
      );
      return problems.length === 0;
    };
    await until('what is retained to be whole', areRetainedWhole, killBoundMs).catch((error: unknown) => {
      notWhole.push(`round ${round.number}: ${String(error)}: ${problems.join('; ')}`);
    });
  };

  /** Waits, because clients of presses and checks may still disconnect, and the last part may still return. */
  const brokerAtRest = async () => {
    let figures = await brokerFiguresOf(installation.current('broker'));
    const since = performance.now();
    while (figures.clients !== clientsAtRest && performance.now() - since < killBoundMs) {
      await wait(pollMs);
      figures = await brokerFiguresOf(installation.current('broker'));
    }
    return figures;
  };

  const play = async (round: Round) => {
    await driftAsNeeded(round);
    if (round.press.moment === 'before') {
      pressing.press(round);
      await wait(round.press.apartMs);
    }
    const from = performance.now();
    const returnedAt = await breakPart(round);
    await Promise.all(
      environments.map((environment) =>
        untilTrue({ round, environment, after: 'return', boundMs: returnBoundMs }, returnedAt, () =>
          problemNow(environment),
        ),
      ),
    );
    away.push({ part: round.part, from, to: performance.now() });
    if (round.press.moment === 'after') pressing.press(round);
    await lookAtRetained(round);
    const { agent, worker } = installation.witnesses;
    samples.push({
      round: round.number,
      agent: await figuresOf(agent),
      worker: await figuresOf(worker),
      broker: await brokerAtRest(),
    });
  };

  await until('the light to tell the truth at the beginning', isWhole);
  for (const round of rounds) {
    const startedAt = performance.now();
    await play(round);
    if (process.env['RELEASE_BUTTON_CHAOS_VERBOSE'] !== undefined)
      printRound(round, performance.now() - startedAt, truths);
  }
  await untilAllEnd();
  await until('the truth at the end', isWhole);
  await until('every press to be settled', () => pressing.waiting.length === 0);

  return {
    truths,
    notWhole,
    away,
    samples,
    presses: pressing.presses,
    ledgers: { main: ledgers.main(), staging: ledgers.staging() },
    wallOffset,
  };
}

function printRound(round: Round, ms: number, truths: readonly Truth[]): void {
  const { number, part, fault, comesBack, press } = round;
  const times = truths
    .filter((truth) => truth.round === round)
    .map(
      ({ environment, after, ms, problem }) =>
        `${environment} ${after} ${Math.round(ms)}${problem === undefined ? '' : ` NEVER: ${problem}`}`,
    );
  process.stderr.write(
    `${number} ${fault} ${part} (${comesBack}), ${press.source} on ${press.button} ${press.moment} ${press.apartMs}: ${times.join(', ')}; ${Math.round(ms)} ms\n`,
  );
}

/** The schedule gives the times of faults and presses, so here the test waits for time. */
function wait(ms: number): Promise<void> {
  return new Promise((resolve) => {
    setTimeout(resolve, ms);
  });
}

// Kills and pauses the broker, the agent, two workers and their Argo CDs in random order while somebody presses, and checks
// what must always be true. A hook plays the rounds, and the tests judge them. `npm run test:chaos` runs this file:
// RELEASE_BUTTON_CHAOS_SEED sets another order, RELEASE_BUTTON_CHAOS_ROUNDS fewer rounds, and
// RELEASE_BUTTON_CHAOS_VERBOSE prints a line for each round. truth.ts says what the light must show when.
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';
import { hasMosquitto, hasScript } from '../support/programs.ts';
import { median, type Figures } from './figures.ts';
import { main, startInstallation, type Ended, type Installation } from './installation.ts';
import { inAll, judgePresses, type Judgement } from './judge.ts';
import { lastLineFile } from './last-line.ts';
import { clientsAtRest, playRounds, type Played, type Sample, type Truth } from './rounds.ts';
import { environments, makeSchedule, mixOf } from './schedule.ts';
import { killBoundMs, stopBoundMs } from './truth.ts';

const seed = Number(process.env['RELEASE_BUTTON_CHAOS_SEED'] ?? '20261125');
const schedule = makeSchedule(seed).slice(0, Number(process.env['RELEASE_BUTTON_CHAOS_ROUNDS'] ?? '60'));

/** By how much the memory and the handles of a process may differ, as a share. */
const memoryTolerance = 0.2;
/** By how many files they may differ, because kept connections to Argo CD open and close. */
const filesTolerance = 4;
/** From SIGTERM to the exit, in milliseconds. */
const endWithinMs = 10_000;

describe.skipIf(!hasMosquitto || !hasScript)(
  'an installation whose processes are killed and paused (skipped without mosquitto-clients or script)',
  () => {
    let installation: Installation | undefined;
    let played: Played | undefined;
    let judgement: Judgement | undefined;
    let endedByThemselves: readonly string[] = [];
    let endedProcesses: readonly Ended[] = [];

    const theRun = () => {
      if (installation === undefined || played === undefined || judgement === undefined)
        throw new Error('the rounds were not played to their end');
      return { installation, played, judgement };
    };

    beforeAll(async () => {
      installation = await startInstallation();
      played = await playRounds(installation, schedule);
      endedByThemselves = installation.endedByThemselves();
      endedProcesses = await installation.end();
      const { argocd, messageLog } = installation;
      judgement = inAll([
        judgePresses('main', played, messageLog, argocd.main.relay.posts),
        judgePresses('staging', played, messageLog, argocd.staging.relay.posts),
      ]);
    });
    afterAll(async () => {
      if (played !== undefined && judgement !== undefined)
        writeFileSync(join(inject('chaosFolder'), lastLineFile), `${lastLine(played, judgement)}\n`);
      await installation?.clear();
    });

    const tooLate = (truths: readonly Truth[]) =>
      truths
        .filter(({ ms, boundMs, problem }) => ms > boundMs || problem !== undefined)
        .map(
          ({ round, environment, after, ms, problem }) =>
            `round ${round.number} (${round.fault} ${round.part}): ${environment} ${Math.round(ms)} ms after the ${after}${problem === undefined ? '' : ` still ${problem}`}`,
        );

    test('shows a killed process on the light within 5 s, and a paused one within 25 s', () => {
      const { truths } = theRun().played;
      expect(tooLate(truths.filter(({ after }) => after === 'kill' || after === 'stop'))).toEqual([]);
    });

    test('has the right light within 5 s of a return, and of new drift', () => {
      const { truths } = theRun().played;
      expect(truths.filter(({ after }) => after === 'return')).toHaveLength(
        schedule.length * environments.length,
      );
      expect(tooLate(truths.filter(({ after }) => after === 'return' || after === 'drift'))).toEqual([]);
    });

    test('has the right light of the other worker within 5 s of a fault elsewhere', () => {
      expect(tooLate(theRun().played.truths.filter(({ after }) => after === 'beside'))).toEqual([]);
    });

    test('retains exactly the topics of the contract after every round, each with a complete message', () => {
      expect(theRun().played.notWhole).toEqual([]);
    });

    test('gives every press one result, unless its worker or broker was away', () => {
      const { problems, ...count } = theRun().judgement;
      expect(problems.results).toEqual([]);
      expect(count.attempted).toBe(schedule.length);
      const refused = [...count.refused.values()].reduce((sum, count) => sum + count, 0);
      expect(count.accepted + refused + count.dropped + count.unanswered).toBe(count.attempted);
    });

    test('sends one POST for each application of an accepted press, or reports that there was none', () => {
      const { problems, accepted } = theRun().judgement;
      expect(problems.posts).toEqual([]);
      expect(accepted).toBeGreaterThan(0);
    });

    test('sends nothing later than the maximum age of a press', () => {
      expect(theRun().judgement.problems.late).toEqual([]);
    });

    test('retains the last release of the journal as the last one', () => {
      const { installation: here, played: run } = theRun();
      for (const environment of environments) {
        const { id, outcome } = here.messageLog.latest(`${main}/worker/${environment}/release/last`);
        const { last } = run.ledgers[environment];
        expect({ releaseId: id, outcome }).toEqual({ releaseId: last?.releaseId, outcome: last?.outcome });
      }
    });

    test('lets the processes that live through all rounds hold no more than after 10 rounds: memory, files, handles, clients', () => {
      const { samples } = theRun().played;
      for (const witness of ['agent', 'worker'] as const) {
        const [early, late] = [
          atRound(samples, Math.min(10, schedule.length), witness),
          atRound(samples, schedule.length, witness),
        ];
        const difference = `${witness}: ${JSON.stringify({ early, late })}`;
        expect(late.residentMb, difference).toBeLessThan(early.residentMb * (1 + memoryTolerance));
        expect(late.heapUsedMb, difference).toBeLessThan(early.heapUsedMb * (1 + memoryTolerance));
        expect(late.openFiles, difference).toBeLessThanOrEqual(early.openFiles + filesTolerance);
        expect(late.handles, difference).toBeLessThanOrEqual(early.handles + filesTolerance);
      }
      expect(new Set(samples.map(({ broker }) => broker.clients))).toEqual(new Set([clientsAtRest]));
    });

    test('logs no warning of a leak and no unexpected error, and no process ends by itself', () => {
      const { children } = theRun().installation;
      const complaints = children.flatMap(({ name, lines }) =>
        lines.filter(({ text }) => complaint.test(text)).map(({ text }) => `${name}: ${text}`),
      );
      expect([...complaints, ...endedByThemselves]).toEqual([]);
    });

    test('ends each process with 0 within 10 s of SIGTERM', () => {
      theRun();
      expect(endedProcesses.map(({ name, code, signal }) => ({ name, code, signal }))).toEqual(
        [
          'agent',
          'worker main',
          'worker staging',
          'witness-agent',
          'witness-worker',
          'simulator main',
          'simulator staging',
          'broker',
        ].map((name) => ({
          name,
          code: 0,
          signal: null,
        })),
      );
      expect(endedProcesses.filter(({ ms }) => ms > endWithinMs)).toEqual([]);
    });
  },
);

/** Warnings of Node.js, and the text of our processes for unexpected errors. */
const complaint =
  /MaxListenersExceededWarning|\(node:\d+\)|unexpected error|"level":"fatal"|could not be handled|did not stop cleanly/;

/** The median of the rounds around this one, because a single reading may come in the middle of some work. */
function atRound(samples: readonly Sample[], round: number, witness: 'agent' | 'worker'): Figures {
  const nearby = samples
    .filter((sample) => Math.abs(sample.round - round) <= 2)
    .map((sample) => sample[witness]);
  const medianOf = (figure: keyof Figures) => median(nearby.map((figures) => figures[figure]));
  return {
    residentMb: medianOf('residentMb'),
    heapUsedMb: medianOf('heapUsedMb'),
    openFiles: medianOf('openFiles'),
    handles: medianOf('handles'),
  };
}

function lastLine({ truths, samples }: Played, judgement: Judgement): string {
  const longest = (after: Truth['after'], boundMs: number) => {
    const ms = Math.max(0, ...truths.filter((truth) => truth.after === after).map((truth) => truth.ms));
    return `${(ms / 1000).toFixed(1)} s (of ${boundMs / 1000})`;
  };
  const memory = (['agent', 'worker'] as const)
    .map((who) => {
      const [early, late] = [
        atRound(samples, Math.min(10, schedule.length), who),
        atRound(samples, schedule.length, who),
      ];
      return `${who} ${early.residentMb.toFixed(0)} → ${late.residentMb.toFixed(0)} MiB (heap ${early.heapUsedMb.toFixed(1)} → ${late.heapUsedMb.toFixed(1)})`;
    })
    .join(', ');
  const { attempted, accepted, refused, dropped, unanswered, posts, neverSent, unheard } = judgement;
  return [
    `chaos: seed ${seed}, ${schedule.length} rounds`,
    `kills+stops+pauses: ${mixOf(schedule)}`,
    `presses ${attempted}: ${accepted} accepted, ${[...refused].map(([reason, count]) => `${count} ${reason}`).join(', ')}, ${dropped} not delivered, ${unanswered} unanswered (results that nobody could hear: ${unheard})`,
    `POSTs ${posts}, never sent and reported ${neverSent}, longest from press to POST ${(judgement.longestMs / 1000).toFixed(1)} s`,
    `longest to the truth after a kill ${longest('kill', killBoundMs)}, a stop ${longest('stop', stopBoundMs)}, a return ${longest('return', killBoundMs)}`,
    `memory round ${Math.min(10, schedule.length)} → ${schedule.length}: ${memory}`,
  ].join('; ');
}

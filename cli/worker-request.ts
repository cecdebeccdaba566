// A command that sends a request to the workers, waits for their replies, prints them and sets the exit code.
import { randomUUID } from 'node:crypto';
import { Buffer } from 'node:buffer';
import type { Command } from 'commander';
import { loadConfig } from '../config/load.ts';
import type { Address } from '../messages/channel.ts';
import type { Codec } from '../messages/codec.ts';
import { idPattern } from '../messages/ids.ts';
import { reply } from '../messages/requests.ts';
import { answerMs, askAll, withBroker } from './ask.ts';
import { noAnswer, print, refused, usageError } from './exit.ts';
import { addConfigFlags } from './flags.ts';
import {
  buttonsOf,
  knownWorkers,
  onlyWorker,
  whyNoButton,
  whyNoWorker,
  whyOffline,
  type OnlineWorker,
} from './known-workers.ts';
import { printable } from './printable.ts';
import { addWorker, readWorker } from './worker-option.ts';

export interface RequestCommand<Message> {
  readonly name: string;
  readonly codec: Codec<Message>;
  /** @param worker the worker that gets the request; undefined: every worker */
  readonly address: (worker: string | undefined) => Address<Message, 'event'>;
  /** Called after the command line is parsed. If the contract does not allow the request, the command ends. */
  readonly message: (id: string) => Message;
  /** The named button, if any; called after the command line is parsed. */
  readonly button?: () => string | undefined;
  /** The help text of `--worker`. */
  readonly worker: string;
  /** For a request to one worker: chooses the worker if `--worker` is not given. Ends the command if it cannot choose. */
  readonly chooseWorker?: (workers: readonly OnlineWorker[]) => string;
  /** a sentence that the message about a missing answer ends with */
  readonly hint: string;
}

/** Adds the connection flags, `--worker` and the action of the command. */
export async function configureRequest<Message>(
  command: Command,
  { name, codec, address, message, button, worker: about, chooseWorker, hint }: RequestCommand<Message>,
): Promise<void> {
  addWorker(command, about);
  command.addHelpText(
    'after',
    `\nExit codes: 0 done · ${usageError} wrong usage or configuration · ${refused} refused ·
${noAnswer} no broker, worker offline, or no answer within ${answerMs / 1_000} s`,
  );
  const sections = ['mqtt'] as const;
  const given = await addConfigFlags(command, sections);
  command.action(async () => {
    const id = randomUUID();
    const request = message(id);
    const namedWorker = readWorker(command);
    const named = button?.();
    const isNoId = named !== undefined && !idPattern.test(named);
    // The receiver's codec checks the request before anything is sent.
    const fits = codec.decode(Buffer.from(codec.encode(request)));
    if (!fits.ok && !isNoId)
      return command.error(`the request was not sent: ${fits.error}`, { exitCode: usageError });

    const { config } = await loadConfig({ sections, ...given() });
    return withBroker(config.mqtt, name, async (broker) => {
      const found = await knownWorkers(broker, { orNone: true, withReleases: chooseWorker !== undefined });
      if ('nobody' in found) return tellNobody(found.nobody);
      const nobody = namedWorker === undefined ? undefined : whyNoWorker(found.answer, namedWorker);
      if (nobody !== undefined) return tellNobody(nobody);
      const meant = onlyWorker(found.answer, namedWorker);
      if (named !== undefined) {
        const buttons = buttonsOf(meant);
        const problem = whyNoButton(
          buttons.map((one) => one.id),
          named,
        );
        if (problem !== undefined) return command.error(problem, { exitCode: usageError });
        const offline = whyOffline(buttons, named);
        if (offline !== undefined) return tellNobody(offline);
      }

      const isSilent = meant.online.length === 0 && (chooseWorker !== undefined || meant.offline.length > 0);
      if (namedWorker === undefined && isSilent)
        return tellNobody(
          `according to its retained messages, the broker at ${broker.url} has no worker online. Is the release worker running, with this broker? If this MQTT user may not read these messages, name the worker with --worker`,
        );
      const worker = namedWorker ?? chooseWorker?.(meant.online);
      const concerned = meant.online.filter(
        (one) =>
          (worker === undefined || one.id === worker) &&
          (named === undefined || one.buttons.some(({ id }) => id === named)),
      );
      const silent = (answers: readonly { readonly worker: string }[]) =>
        concerned.map((one) => one.id).filter((one) => !answers.some((answer) => answer.worker === one));
      const answered = await askAll(
        broker,
        {
          address: address(worker),
          request,
          answers: reply.filter({ request: id }),
          isOurs: (answer) => answer.id === id,
          what: 'the request',
          hint,
        },
        (answers) => silent(answers).length === 0,
      );
      if ('nobody' in answered) return tellNobody(answered.nobody);
      const without = silent(answered.answer);
      const isOne = answered.answer.length + without.length === 1;
      for (const { worker: from, ok, message: said = ok ? 'done' : 'no reason given' } of answered.answer)
        print(`${isOne ? '' : `${from}: `}${ok ? '' : 'refused: '}${printable(said)}`);
      for (const one of without) print(`${one}: no answer within ${answerMs / 1_000} s. ${hint}`);
      process.exitCode = without.length > 0 ? noAnswer : answered.answer.every(({ ok }) => ok) ? 0 : refused;
      return undefined;
    });
  });
}

function tellNobody(why: string): void {
  print(why);
  process.exitCode = noAnswer;
}

// A command that sends the worker a request, waits for the reply with its id, prints it and sets the exit code.
import { randomUUID } from 'node:crypto';
import { Buffer } from 'node:buffer';
import type { Command } from 'commander';
import { loadConfig } from '../config/load.ts';
import type { Channel } from '../messages/channel.ts';
import { idPattern } from '../messages/ids.ts';
import { reply } from '../messages/requests.ts';
import { answerMs, ask, withBroker } from './ask.ts';
import { noAnswer, print, refused, usageError } from './exit.ts';
import { addConfigFlags } from './flags.ts';
import { knownButtons, whyNoButton } from './known-buttons.ts';
import { printable } from './printable.ts';

export interface RequestCommand<Template extends string, Message> {
  readonly name: string;
  readonly channel: Channel<Template, Message, 'event'>;
  /** Called after the command line is parsed. */
  readonly address: () => Parameters<Channel<Template, Message, 'event'>['at']>[0];
  /** Called after the command line is parsed. A request that the contract does not allow ends the command. */
  readonly message: (id: string) => Message;
  /** The named button, if any; called after the command line is parsed. */
  readonly button?: () => string | undefined;
  /** a sentence to add when nobody has answered */
  readonly hint: string;
}

/** Adds the connection flags and the action of the command. */
export async function configureRequest<Template extends string, Message>(
  command: Command,
  { name, channel, address, message, button, hint }: RequestCommand<Template, Message>,
): Promise<void> {
  command.addHelpText(
    'after',
    `\nExit codes: 0 done · ${usageError} usage · ${refused} refused · ${noAnswer} no broker, or no answer within ${answerMs / 1_000} s`,
  );
  const sections = ['mqtt'] as const;
  const given = await addConfigFlags(command, sections);
  command.action(async () => {
    const id = randomUUID();
    const request = message(id);
    // Checked with the receiver's codec before anything is sent.
    const named = button?.();
    const isNoId = named !== undefined && !idPattern.test(named);
    const fits = channel.codec.decode(Buffer.from(channel.codec.encode(request)));
    if (!fits.ok && !isNoId)
      return command.error(`the request is not sent: ${fits.error}`, { exitCode: usageError });

    const { config } = await loadConfig({ sections, ...given() });
    const answered = await withBroker(config.mqtt, name, async (broker) => {
      if (named !== undefined) {
        const found = await knownButtons(broker, named, true);
        const problem = whyNoButton('answer' in found ? found.answer.map((one) => one.id) : [], named);
        if (problem !== undefined) return command.error(problem, { exitCode: usageError });
        if ('nobody' in found) return found;
      }
      return ask(broker, {
        address: channel.at(address()),
        request,
        answers: reply.filter({ request: id }),
        isOurs: (answer) => answer.id === id,
        what: 'the request',
        hint,
      });
    });
    if ('nobody' in answered) {
      print(answered.nobody);
      process.exitCode = noAnswer;
      return undefined;
    }
    const { ok, message: said = ok ? 'done' : 'refused, without a reason' } = answered.answer;
    print(`${ok ? '' : 'refused: '}${printable(said)}`);
    process.exitCode = ok ? 0 : refused;
    return undefined;
  });
}

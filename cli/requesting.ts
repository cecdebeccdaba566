// A request that the worker answers below `reply/` by its id: published, awaited, told, with the exit code.
import { randomUUID } from 'node:crypto';
import { Buffer } from 'node:buffer';
import type { Command } from 'commander';
import { loadConfig } from '../config/load.ts';
import type { Channel } from '../messages/channel.ts';
import { reply } from '../messages/requests.ts';
import { ask, withBroker } from './asking.ts';
import { noAnswer, print, refused, usageError } from './exit.ts';
import { addConfigFlags } from './flags.ts';
import { printable } from './printable.ts';

export interface RequestVerb<Template extends string, Message> {
  readonly verb: string;
  readonly channel: Channel<Template, Message, 'event'>;
  readonly address: Parameters<Channel<Template, Message, 'event'>['at']>[0];
  /** Read when the command line has been; whatever the contract does not allow ends the command. */
  readonly message: (id: string) => Message;
  /** what else to know where nobody has answered */
  readonly hint: string;
}

/** Adds the flags of the connection and what the verb does. */
export async function configureRequest<Template extends string, Message>(
  command: Command,
  { verb, channel, address, message, hint }: RequestVerb<Template, Message>,
): Promise<void> {
  command.addHelpText(
    'after',
    `\nExit codes: 0 done · ${usageError} usage · ${refused} refused · ${noAnswer} no answer within 5 s, or no broker`,
  );
  const sections = ['mqtt'] as const;
  const given = await addConfigFlags(command, sections);
  command.action(async () => {
    const id = randomUUID();
    const request = message(id);
    // By the rules of the receiver, before anybody is asked.
    const fits = channel.codec.decode(Buffer.from(channel.codec.encode(request)));
    if (!fits.ok) return command.error(`the request is not sent: ${fits.error}`, { exitCode: usageError });

    const { config } = await loadConfig({ sections, cwd: process.cwd(), env: process.env, ...given() });
    const answered = await withBroker(config.mqtt, verb, (broker) =>
      ask(broker, {
        address: channel.at(address),
        request,
        answers: reply.filter({ request: id }),
        isOurs: (answer) => answer.id === id,
        what: 'the request',
        hint,
      }),
    );
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

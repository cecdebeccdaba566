// Sends a request to the release worker over MQTT and waits for its answer.
import { randomUUID } from 'node:crypto';
import type { Config } from '../config/sections.ts';
import type { Address, Filter } from '../messages/channel.ts';
import { systemClock } from '../service/clock.ts';
import { linkFromConfig, localBrokerUrl } from '../service/link/from-config.ts';
import type { Link } from '../service/link/link.ts';
import { silentLog } from '../service/log.ts';

/** Time limit for an answer, in milliseconds. The agent uses the same limit. */
export const answerMs = 5_000;

export interface Broker {
  readonly link: Link;
  /** for messages */
  readonly url: string;
}

/** An answer, or a sentence in `nobody` that says why there is none. */
export type Answered<Answer> = { readonly answer: Answer } | { readonly nobody: string };

export interface Question<Request, Answer, P> {
  readonly address: Address<Request, 'event'>;
  readonly request: Request;
  readonly answers: Filter<Answer, P>;
  readonly isOurs: (answer: Answer) => boolean;
  /** the request in words, for messages: `the press` */
  readonly what: string;
  /** a sentence that the message about a missing answer ends with */
  readonly hint: string;
}

/** Opens a link for the duration of `work`. @param role part of the client id, usually the command's name */
export async function withBroker<T>(
  mqtt: Config['mqtt'],
  role: string,
  work: (broker: Broker) => Promise<T>,
): Promise<T> {
  const link = linkFromConfig(
    { mqtt, role, id: randomUUID().slice(0, 8) },
    { clock: systemClock(), log: silentLog(), random: Math.random },
  );
  try {
    return await work({ link, url: mqtt.url ?? localBrokerUrl });
  } finally {
    await link.stop();
  }
}

/** Asks for one answer. */
export async function ask<Request, Answer, P>(
  broker: Broker,
  question: Question<Request, Answer, P>,
): Promise<Answered<Answer>> {
  const answered = await askAll(broker, question, () => true);
  if ('nobody' in answered) return answered;
  const [answer] = answered.answer;
  return answer === undefined ? { nobody: whyNobody(broker, question.hint) } : { answer };
}

/**
 * Publishes the request once and waits for the answers. Never publishes it again, for example after a reconnect.
 * @param isComplete whether these are all answers; called after each answer
 * @returns all answers, or those that came in time; `nobody` if none did
 */
export function askAll<Request, Answer, P>(
  { link, url }: Broker,
  { address, request, answers, isOurs, what, hint }: Question<Request, Answer, P>,
  isComplete: (answers: readonly Answer[]) => boolean,
): Promise<Answered<readonly Answer[]>> {
  return new Promise((resolve) => {
    const answer: Answer[] = [];
    const finish = (answered: Answered<readonly Answer[]>) => {
      clearTimeout(timer);
      resolve(answered);
    };
    const timer = setTimeout(
      () => finish(answer.length > 0 ? { answer } : { nobody: whyNobody({ link, url }, hint) }),
      answerMs,
    );
    link.subscribe(answers, (one) => {
      if (one === undefined || !isOurs(one)) return;
      answer.push(one);
      if (isComplete(answer)) finish({ answer });
    });
    whenConnected(link, () => {
      void link
        .subscribed()
        .then(() => link.publishNow(address, request))
        .then((outcome) => {
          if (outcome !== 'acknowledged')
            finish({ nobody: `the broker at ${url} did not accept ${what}: ${outcome}` });
        });
    });
    link.start();
  });
}

export function whyNobody({ link, url }: Broker, hint: string): string {
  return link.state.state === 'connected'
    ? `no answer within ${answerMs / 1_000} s. Is the release worker running, with this broker (${url})? ${hint}`
    : `no answer: ${withoutNextTry(link.state.message)}`;
}

/** The link's message about a failed attempt, without the time of the next one. */
export function withoutNextTry(message: string): string {
  return message.replace(/; next try.*$/s, '');
}

/** Calls `then` once only: after a reconnect the request would be sent a second time. */
export function whenConnected(link: Link, then: () => void): void {
  if (link.state.state === 'connected') {
    then();
    return;
  }
  const forget = link.onState(({ state }) => {
    if (state !== 'connected') return;
    forget();
    then();
  });
}

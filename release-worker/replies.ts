// Replies to requests, by their `id` or by MQTT 5's response topic.
import { reply } from '../messages/requests.ts';
import type { Link } from '../service/link/link.ts';
import type { About } from '../service/link/router.ts';

export interface Answered {
  readonly ok: boolean;
  /** A sentence for people */
  readonly message: string;
}

export interface Replies {
  /** @param id of the request. Without an id and a response topic nobody waits for a reply */
  answer(
    about: Pick<About<unknown>, 'responseTopic' | 'correlationData'>,
    id: string | undefined,
    answer: Answered,
  ): void;
}

export function createReplies(link: Link, prefix: string, worker: string): Replies {
  return {
    answer: ({ responseTopic, correlationData }, id, { ok, message }) => {
      // Only below `reply/`: a client must not make us publish where it may not publish itself.
      const start = `${prefix}/reply/`;
      const wanted =
        responseTopic?.startsWith(start) === true ? responseTopic.slice(start.length) : undefined;
      for (const request of new Set([wanted, id])) {
        if (request === undefined || !fits(request)) continue;
        link.publish(
          reply.at({ request }),
          { id: id ?? request, worker, ok, message },
          request === wanted && correlationData !== undefined ? { correlationData } : {},
        );
      }
    },
  };
}

function fits(request: string): boolean {
  try {
    reply.at({ request });
    return true;
  } catch {
    return false;
  }
}

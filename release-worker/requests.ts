// Requests other than presses (freeze/set, worker/<worker>/terminate). A retained or unreadable one is refused and logged.
import type { Channel } from '../messages/channel.ts';
import type { Link } from '../service/link/link.ts';
import type { About } from '../service/link/router.ts';
import type { Log } from '../service/log.ts';
import type { Replies } from './replies.ts';

/** Subscribes. */
export function takeRequests<Template extends string, Message>(
  options: {
    readonly link: Link;
    readonly replies: Replies;
    readonly log: Log;
    readonly channel: Channel<Template, Message, 'event'>;
    /** Placeholders of the channel's template */
    readonly params: Parameters<Channel<Template, Message, 'event'>['at']>[0];
  },
  take: (request: Message, about: About<unknown>) => void,
): void {
  const { link, replies, log, channel, params } = options;
  link.subscribeRaw(
    channel.filter(params),
    (decoded, about) => {
      // Empty: a retained request was cleared, perhaps by us. Over 3.1.1 we receive our own messages.
      if (decoded === undefined) return;
      if (about.retained) {
        link.clear(channel.at(params));
        log.warn(
          `removed a retained message from ${about.topic}, because the broker would send it again at every connect`,
        );
        return;
      }
      if (decoded.ok) {
        take(decoded.value, about);
        return;
      }
      const message = `the request cannot be read: ${decoded.error}`;
      log.warn({ topic: about.topic }, message);
      replies.answer(about, decoded.id, { ok: false, message });
    },
    { retainAsPublished: true },
  );
}

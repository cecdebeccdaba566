// Faults that a test sets: late, wrong or missing answers, and streams that fall silent or lose events.
import * as z from 'zod/mini';
import { globPattern } from './glob.ts';

const milliseconds = z.int().check(z.gte(0), z.lte(600_000));

const requestFault = z.strictObject({
  /** Absent: every method. */
  method: z.exactOptional(z.enum(['GET', 'POST', 'DELETE', 'PUT', 'HEAD'])),
  /** A glob over the path without its query; absent: every path below /api. */
  path: z.exactOptional(z.string().check(z.minLength(1), z.maxLength(500))),
  /** How many requests it affects; absent: all until it is cleared. */
  times: z.exactOptional(z.int().check(z.gte(1), z.lte(1_000_000))),
  /** The request is carried out at once, and its answer is delayed by so many ms. */
  delayMs: z.exactOptional(milliseconds),
  /** The connection is cut `before` the request is carried out, or `after` it. The client gets no answer. */
  cut: z.exactOptional(z.enum(['before', 'after'])),
  /** The connection stays open and gets no answer; the request is not carried out. */
  hang: z.exactOptional(z.boolean()),
  /** The status of the answer, which then has an error body of Argo CD. */
  status: z.exactOptional(z.int().check(z.gte(400), z.lte(599))),
  message: z.exactOptional(z.string().check(z.maxLength(2000))),
  /** With `status`: whether the request is carried out. */
  carriedOut: z.exactOptional(z.boolean()),
});

export const faultsSchema = z.strictObject({
  /** Removes all earlier faults. */
  clear: z.exactOptional(z.boolean()),
  /** Replaces all faults of requests. The first that matches a request is used. */
  requests: z.exactOptional(z.array(requestFault).check(z.maxLength(100))),
  streams: z.exactOptional(
    z.strictObject({
      /** Sends nothing, not even keep-alives. */
      silent: z.exactOptional(z.boolean()),
      /** How many events are lost, in all streams together. */
      dropEvents: z.exactOptional(z.int().check(z.gte(0), z.lte(1_000_000))),
      /** Cuts every open stream, once. */
      cut: z.exactOptional(z.boolean()),
    }),
  ),
  /** While it is down, refreshes get no answer and operations stay pending. */
  controllerDown: z.exactOptional(z.boolean()),
  repositoryServerDown: z.exactOptional(z.boolean()),
  kubernetesDown: z.exactOptional(z.boolean()),
});

export type RequestFault = z.output<typeof requestFault>;
type FaultsChange = z.output<typeof faultsSchema>;

export interface Faults {
  change(change: FaultsChange): void;
  /** The fault for this request, which counts as one of its `times`. */
  take(method: string, path: string): RequestFault | undefined;
  silent(): boolean;
  /** False: the stream must leave out this event. */
  passesEvent(): boolean;
  show(): Record<string, unknown>;
}

export function createFaults(): Faults {
  let requests: { fault: RequestFault; pattern: RegExp; timesLeft: number }[] = [];
  let streams = { silent: false, dropEvents: 0 };
  return {
    change(change) {
      if (change.clear) {
        requests = [];
        streams = { silent: false, dropEvents: 0 };
      }
      if (change.requests) {
        requests = change.requests.map((fault) => ({
          fault,
          pattern: globPattern(fault.path ?? '/api/*'),
          timesLeft: fault.times ?? Number.POSITIVE_INFINITY,
        }));
      }
      const { silent = streams.silent, dropEvents = streams.dropEvents } = change.streams ?? {};
      streams = { silent, dropEvents };
    },
    take(method, path) {
      const matching = requests.find(
        ({ fault, pattern }) => (fault.method === undefined || fault.method === method) && pattern.test(path),
      );
      if (!matching) return undefined;
      matching.timesLeft -= 1;
      if (matching.timesLeft <= 0) requests = requests.filter((each) => each !== matching);
      return matching.fault;
    },
    silent: () => streams.silent,
    passesEvent() {
      if (streams.silent) return false;
      if (streams.dropEvents === 0) return true;
      streams = { ...streams, dropEvents: streams.dropEvents - 1 };
      return false;
    },
    show: () => ({ requests: requests.map(({ fault }) => fault), streams }),
  };
}

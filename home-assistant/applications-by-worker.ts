// The applications of each worker, as it lists them on its own topics. No worker waits for another, and none of them loses an
// application because of what another says.
import { app, drift, type AppMessage, type DriftSummary } from '../messages/drift.ts';
import type { Clock, Timer } from '../service/clock.ts';
import type { Link } from '../service/link/link.ts';
import { createQuietTimer } from './quiet-timer.ts';
import type { Application } from './worker-application.ts';

export interface ApplicationsByWorker {
  /** Subscribes. */
  start(): void;
  stop(): void;
  /** The connection has changed: each worker has to list its applications again. Settled applications stay. */
  connectionChanged(): void;
  /** The worker is online or offline now. */
  availabilityChanged(worker: string): void;
  /** The worker is to be announced: gives it some seconds to list its applications first. */
  waitFor(worker: string): void;
  /** Its applications, once they are settled. Undefined: it has not listed them yet. */
  settled(worker: string): readonly Application[] | undefined;
  /**
   * Whether the worker has listed all of its applications once. Before that, an application that is missing may still come,
   * so its entity is not removed.
   */
  wasComplete(worker: string): boolean;
}

/** One change of a worker may be several messages: its drift, and each application. In milliseconds. */
const quietMs = 500;
const quietMaxMs = 5_000;
/**
 * A worker whose Argo CD cannot be reached does not know how many applications there are, and one that is killed halfway
 * never lists the rest. After a longer silence those that it has listed are announced; none is removed. In milliseconds.
 */
const silenceMs = 15_000;
const silenceMaxMs = 300_000;
/** A worker and its applications should be one message, but a worker must not wait for its Argo CD. In milliseconds. */
const withoutApplicationsMs = 5_000;

/** More applications, and more workers, than anybody has on one prefix. Further ones are ignored. */
const applicationsMax = 20_000;
const workersMax = 200;

interface Listing {
  /** by `namespace/name` */
  readonly applications: Map<string, Application>;
  /** those that were listed on this connection */
  readonly listed: Set<string>;
  /** the total of its newest drift on this connection. Undefined: not known */
  total: number | undefined;
  settled: readonly Application[] | undefined;
  wasComplete: boolean;
  timer: Timer | undefined;
  changed(): void;
  cancel(): void;
}

export function createApplicationsByWorker(options: {
  readonly link: Pick<Link, 'subscribe'>;
  readonly clock: Clock;
  /** labels may be long, and are kept only for a selection that reads them */
  readonly withLabels: boolean;
  readonly isOffline: (worker: string) => boolean;
  /** @param completed it has now listed all of its applications for the first time */
  readonly onSettled: (worker: string, completed: boolean) => void;
}): ApplicationsByWorker {
  const { link, clock, withLabels, isOffline, onSettled } = options;
  const listings = new Map<string, Listing>();
  let count = 0;
  let running = false;

  /** The drift summary of an offline worker may be older than the last change of its applications. */
  const isComplete = (worker: string, { listed, total }: Listing) =>
    total !== undefined && !isOffline(worker) && listed.size >= Math.min(total, applicationsMax);

  const remove = (listing: Listing, key: string) => {
    if (listing.applications.delete(key)) count -= 1;
    listing.listed.delete(key);
  };

  const settle = (worker: string, listing: Listing) => {
    const complete = isComplete(worker, listing);
    if (complete)
      for (const key of listing.applications.keys()) if (!listing.listed.has(key)) remove(listing, key);
    const completed = complete && !listing.wasComplete;
    listing.wasComplete ||= complete;
    listing.settled = [...listing.applications.values()];
    listing.timer?.cancel();
    onSettled(worker, completed);
  };

  const listingOf = (worker: string): Listing | undefined => {
    const existing = listings.get(worker);
    if (existing !== undefined || listings.size >= workersMax) return existing;
    const afterChange = createQuietTimer(clock, quietMs, () => {
      if (isComplete(worker, listing)) settle(worker, listing);
    });
    const afterSilence = createQuietTimer(clock, silenceMs, () => settle(worker, listing));
    const listing: Listing = {
      applications: new Map(),
      listed: new Set(),
      total: undefined,
      settled: undefined,
      wasComplete: false,
      timer: undefined,
      changed: () => {
        if (!running) return;
        afterChange.restart(quietMaxMs);
        afterSilence.restart(silenceMaxMs);
      },
      cancel: () => {
        for (const quietTimer of [afterChange, afterSilence]) quietTimer.cancel();
        listing.timer?.cancel();
      },
    };
    listings.set(worker, listing);
    return listing;
  };

  return {
    start: () => {
      running = true;
      link.subscribe(drift.filter(), (message, { params: { worker } }) => {
        const listing = listingOf(worker);
        const total = message && totalOf(message);
        if (listing === undefined || listing.total === total) return;
        listing.total = total;
        listing.changed();
      });
      link.subscribe(app.filter(), (message, { params }) => {
        const listing = listingOf(params.worker);
        if (listing === undefined) return;
        const key = `${params.namespace}/${params.name}`;
        const before = listing.applications.get(key);
        const wasListed = listing.listed.has(key);
        const application = message && { ...announcedOf(message, withLabels), ...params };
        if (application === undefined) remove(listing, key);
        else if (before !== undefined || count < applicationsMax) {
          if (before === undefined) count += 1;
          listing.applications.set(key, application);
          listing.listed.add(key);
        }
        // Their sync status changes all the time. Home Assistant reads it from their topics.
        if (!wasListed || JSON.stringify(application) !== JSON.stringify(before)) listing.changed();
      });
    },
    stop: () => {
      running = false;
      for (const listing of listings.values()) listing.cancel();
    },
    connectionChanged: () => {
      for (const listing of listings.values()) {
        listing.total = undefined;
        listing.listed.clear();
        listing.timer?.cancel();
        listing.timer = undefined;
      }
    },
    availabilityChanged: (worker) => listings.get(worker)?.changed(),
    waitFor: (worker) => {
      const listing = listingOf(worker);
      if (!running || listing === undefined || listing.settled !== undefined) return;
      listing.timer ??= clock.setTimeout(() => {
        const isListing = listing.total !== undefined && !isComplete(worker, listing);
        if (!isListing) {
          settle(worker, listing);
          return;
        }
        // The worker is still listing its applications, so the first ones by name are not known yet.
        listing.settled = [];
        onSettled(worker, false);
      }, withoutApplicationsMs);
    },
    settled: (worker) => listings.get(worker)?.settled,
    wasComplete: (worker) => listings.get(worker)?.wasComplete === true,
  };
}

/**
 * How many applications there are. Undefined: the worker does not know. Its state is also `unknown` if its buttons select
 * nothing, and then there are none.
 */
function totalOf({ state, fresh, total }: DriftSummary): number | undefined {
  return fresh === true || state !== 'unknown' ? total : undefined;
}

/** The members of an application that its announcement depends on. */
function announcedOf(
  { namespace, name, project, labels, buttons }: AppMessage,
  withLabels: boolean,
): Omit<Application, 'worker'> {
  return {
    namespace,
    name,
    project,
    labels: withLabels ? labels : {},
    ...(buttons === undefined ? {} : { buttons }),
  };
}

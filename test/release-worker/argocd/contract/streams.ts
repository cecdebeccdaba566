// The registry after each recorded stream, if it was empty before, and how the stream ends for the client.
import type { Groups } from './words.ts';

/**
 * `silence`: it was open to the end of the recording, so the client closes it when there are no more keep-alives;
 * `nothing`: not even headers arrived, so the client closes it much later; `cut`: closed by the server.
 */
export type StreamEnd = 'silence' | 'nothing' | 'cut';

/** End, registry, and the number of unreadable events. */
export type StreamRow = readonly [end: StreamEnd, registry: Groups, unreadable?: number];

export const streams: Readonly<Record<string, StreamRow>> = {
  'stream-accept-list': ['silence', { 'Synced Unknown': 'argocd/guestbook' }],
  'stream-app-namespace-ignored': [
    'silence',
    {
      'Synced Unknown':
        'argocd/autopilot argocd/catalog argocd/checkout argocd/gateway argocd/guestbook team-b/search',
      'OutOfSync Unknown': 'argocd/billing argocd/ledger argocd/migrate argocd/payments argocd/vault',
    },
  ],
  'stream-automated-sync': ['silence', { 'Synced Healthy Succeeded at 8243e88': 'argocd/autopilot' }],
  'stream-burst-of-syncs': [
    'silence',
    {
      'Synced Healthy Succeeded':
        '/bulk-001 /bulk-002 /bulk-003 /bulk-004 /bulk-005 /bulk-006 /bulk-007 /bulk-008 /bulk-009 /bulk-010 /bulk-011 /bulk-012 /bulk-013 /bulk-014 /bulk-015 /bulk-016 /bulk-017 /bulk-018 /bulk-019 /bulk-020',
    },
  ],
  'stream-commit-found-by-polling': ['silence', { 'OutOfSync Healthy at c479627': '/gateway' }],
  'stream-controller-down-sync': ['silence', { 'Synced Healthy Succeeded at fe4c284': 'argocd/payments' }],
  'stream-create-delete': ['silence', {}],
  'stream-delete-cascade': ['silence', {}],
  'stream-failed-sync-billing': ['silence', { 'OutOfSync Healthy Failed': '/billing' }],
  'stream-failed-sync-ledger': ['silence', { 'OutOfSync Missing Failed': '/ledger' }],
  'stream-failed-sync-with-retry': ['silence', { 'OutOfSync Missing Failed at b4664c4': 'argocd/ledger' }],
  'stream-fields-dedup': ['silence', { 'Synced Unknown': '/guestbook' }],
  'stream-fields-exclude': ['silence', { 'new Unknown': 'argocd/guestbook' }],
  'stream-fields-list-style': ['silence', {}, 11],
  'stream-fields-prefix': ['silence', { 'new Unknown': 'argocd/guestbook' }],
  'stream-from-resource-version': ['silence', { 'Synced Unknown': 'argocd/guestbook team-b/search' }],
  'stream-gzip-ndjson': ['silence', { 'Synced Unknown': 'argocd/guestbook' }],
  'stream-gzip-sse': ['silence', { 'Synced Unknown': 'argocd/guestbook' }],
  'stream-idle-ndjson': ['silence', { 'Synced Unknown': '/gateway' }],
  'stream-idle-ndjson-resource-version': ['silence', { 'Synced Unknown': '/gateway' }],
  'stream-idle-sse': ['silence', { 'Synced Unknown': '/gateway' }],
  'stream-idle-sse-resource-version': ['silence', { 'Synced Unknown': '/gateway' }],
  'stream-kubernetes-api-restart': [
    'silence',
    {
      'Synced Unknown Succeeded': '/autopilot /catalog /checkout /guestbook /payments /search',
      'OutOfSync Unknown Failed': '/billing /ledger /migrate',
    },
  ],
  'stream-live-drift': ['silence', { 'Synced Healthy Succeeded at fe4c284': 'argocd/prunable' }],
  'stream-long-sync-terminated': ['silence', { 'OutOfSync Missing Failed': '/migrate' }],
  'stream-name-forbidden': ['nothing', {}],
  'stream-name-missing': ['nothing', {}],
  'stream-name-other-namespace-with': ['silence', { 'Synced Unknown': 'team-b/search' }],
  'stream-name-other-namespace-without': ['nothing', {}],
  'stream-name-with-resource-version': ['silence', { 'OutOfSync Unknown': 'argocd/payments' }],
  'stream-narrow-account': [
    'silence',
    { 'Synced Unknown': 'argocd/guestbook', 'OutOfSync Unknown': 'argocd/payments' },
  ],
  'stream-ndjson-all-fields-selected': [
    'silence',
    {
      'Synced Unknown':
        'argocd/autopilot argocd/catalog argocd/checkout argocd/gateway argocd/guestbook team-b/search',
      'OutOfSync Unknown': 'argocd/billing argocd/ledger argocd/migrate argocd/payments argocd/vault',
    },
  ],
  'stream-ndjson-full-sync': [
    'silence',
    { 'Synced Healthy Succeeded at 775f821 on 775f821': 'argocd/guestbook' },
  ],
  'stream-no-visible-applications-ndjson': ['nothing', {}],
  'stream-no-visible-applications-sse': ['nothing', {}],
  'stream-permission-withdrawn': ['silence', { 'Synced Unknown': 'argocd/guestbook argocd/payments' }],
  'stream-projects': ['silence', { 'Synced Unknown': 'argocd/gateway', 'OutOfSync Unknown': 'argocd/vault' }],
  'stream-refresh-events': ['silence', { 'new Unknown': '/guestbook' }],
  'stream-resource-version-future': ['nothing', {}],
  'stream-resource-version-not-a-number': ['silence', { 'Synced Unknown': 'argocd/guestbook' }],
  'stream-rollback': ['silence', { 'OutOfSync Healthy Succeeded at f7d05dc': 'argocd/payments' }],
  'stream-same-name-dedup': [
    'silence',
    {
      'new Unknown':
        '/autopilot /billing /catalog /checkout /gateway /guestbook /ledger /migrate /payments /search /vault',
    },
  ],
  'stream-same-name-two-namespaces': [
    'silence',
    {
      'Synced Unknown':
        'argocd/autopilot argocd/catalog argocd/checkout argocd/gateway argocd/guestbook argocd/payments team-b/search',
      'OutOfSync Unknown': 'argocd/billing argocd/ledger argocd/migrate argocd/search argocd/vault',
    },
  ],
  'stream-selector': ['silence', { 'OutOfSync Unknown': 'argocd/billing argocd/ledger argocd/payments' }],
  'stream-selector-matches-none-sse': ['silence', { 'OutOfSync Unknown': '/newcomer' }],
  'stream-server-sigkill-ndjson': ['cut', { 'Synced Unknown Succeeded': '/guestbook' }],
  'stream-server-sigkill-sse': ['cut', { 'Synced Unknown Succeeded': '/guestbook' }],
  'stream-server-sigterm-ndjson': ['cut', { 'Synced Unknown Succeeded': '/guestbook' }],
  'stream-server-sigterm-sse': ['cut', { 'Synced Unknown Succeeded': '/guestbook' }],
  'stream-sse-all-fields-selected': [
    'silence',
    {
      'Synced Unknown':
        'argocd/autopilot argocd/catalog argocd/checkout argocd/gateway argocd/guestbook team-b/search',
      'OutOfSync Unknown': 'argocd/billing argocd/ledger argocd/migrate argocd/payments argocd/vault',
    },
  ],
  'stream-sse-fields-sync': [
    'silence',
    {
      'Synced Healthy Succeeded at 775f821': 'argocd/autopilot argocd/guestbook',
      'OutOfSync Missing at 775f821':
        'argocd/billing argocd/checkout argocd/gateway argocd/ledger argocd/migrate argocd/payments argocd/vault team-b/search',
      'OutOfSync Missing at 775f821,8d246fc': 'argocd/catalog',
    },
  ],
  'stream-sync-path-missing': ['silence', { 'Unknown Healthy Error at main': 'argocd/wrongpath' }],
  'stream-sync-pinned-revision': ['silence', { 'OutOfSync Healthy Succeeded at b4664c4': 'argocd/payments' }],
  'stream-sync-pinned-to-history': [
    'silence',
    { 'OutOfSync Healthy Succeeded at cd60e36': 'argocd/payments' },
  ],
  'stream-sync-strategy-apply': ['silence', { 'Synced Healthy Succeeded at c3e7255': 'argocd/stepwise' }],
  'stream-sync-with-rollout': ['silence', { 'Synced Healthy Succeeded at 9aaec64': 'argocd/checkout' }],
  'stream-sync-without-prune': ['silence', { 'Synced Healthy Succeeded at fe4c284': 'argocd/prunable' }],
  'stream-token-expires': ['silence', { 'Synced Unknown': 'argocd/guestbook' }],
  'stream-token-revoked': ['silence', { 'Synced Unknown': 'argocd/guestbook' }],
  'tls-stream-sse': ['silence', { 'new Unknown': '/guestbook' }],
};

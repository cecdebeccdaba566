// The rows of the recordings of older versions (`test/argocd-recordings/versions/`), for the tables beside this file.
import type { RefusalRow } from './refusals.ts';
import type { StreamRow } from './streams.ts';
import type { Groups } from './words.ts';

export const refusals: Readonly<Record<string, RefusalRow>> = {
  'v2.14.21/can-i-empty-project-app': ['invalid', undefined, /its project is not known/],
  'v2.14.21/can-i-empty-project': ['invalid', undefined, /its project is not known/],
  'v2.14.21/globalprojects-empty': ['invalid', undefined, /its project is not known/],
  'v2.14.21/project-get-empty': ['invalid', undefined, /its project is not known/],
  'v2.14.21/sync-autooff-with-revision': [
    'automated-refuses-revision',
    400,
    /auto-sync currently set to main$/,
  ],
  'v2.14.21/sync-multi-source-joined-as-single': [
    'unresolvable-revision',
    400,
    /unable to resolve .* to a commit SHA$/,
  ],
  'v2.14.21/sync-revision-unknown-branch': [
    'unresolvable-revision',
    400,
    /unable to resolve .* to a commit SHA$/,
  ],
  'v3.1.16/can-i-empty-project-app': ['invalid', undefined, /its project is not known/],
  'v3.1.16/can-i-empty-project': ['invalid', undefined, /its project is not known/],
  'v3.1.16/globalprojects-empty': ['invalid', undefined, /its project is not known/],
  'v3.1.16/project-get-empty': ['invalid', undefined, /its project is not known/],
  'v3.1.16/sync-multi-source-joined-as-single': [
    'unresolvable-revision',
    400,
    /unable to resolve .* to a commit SHA$/,
  ],
  'v3.1.16/sync-revision-unknown-branch': [
    'unresolvable-revision',
    400,
    /unable to resolve .* to a commit SHA$/,
  ],
  'v3.4.7/can-i-empty-project-app': ['invalid', undefined, /its project is not known/],
  'v3.4.7/can-i-empty-project': ['invalid', undefined, /its project is not known/],
  'v3.4.7/globalprojects-empty': ['invalid', undefined, /its project is not known/],
  'v3.4.7/project-get-empty': ['invalid', undefined, /its project is not known/],
  'v3.4.7/sync-multi-source-joined-as-single': [
    'unresolvable-revision',
    400,
    /unable to resolve .* to a commit SHA$/,
  ],
  'v3.4.7/sync-revision-unknown-branch': [
    'unresolvable-revision',
    400,
    /unable to resolve .* to a commit SHA$/,
  ],
  'v3.5.1/can-i-empty-project-app': ['invalid', undefined, /its project is not known/],
  'v3.5.1/can-i-empty-project': ['invalid', undefined, /its project is not known/],
  'v3.5.1/globalprojects-empty': ['invalid', undefined, /its project is not known/],
  'v3.5.1/list-fields-spec-whole-and-members': ['unsure', 500, /failed \(HTTP 500\)/],
  'v3.5.1/project-get-empty': ['invalid', undefined, /its project is not known/],
  'v3.5.1/sync-multi-source-joined-as-single': [
    'unresolvable-revision',
    400,
    /unable to resolve .* to a commit SHA$/,
  ],
  'v3.5.1/sync-revision-unknown-branch': [
    'unresolvable-revision',
    400,
    /unable to resolve .* to a commit SHA$/,
  ],
};

export const applications: Readonly<Record<string, string>> = {
  'v2.14.21/get-after-sync-fails': 'OutOfSync Missing Failed at 8797c44 on db16b72',
  'v2.14.21/get-after-sync-multi-source-joined':
    'Synced Healthy Succeeded at 5696ebb,a68d13a on 5696ebb,a68d13a',
  'v2.14.21/get-after-sync-multi-source': 'Synced Healthy Succeeded at 5696ebb,a68d13a on 5696ebb,a68d13a',
  'v2.14.21/get-after-sync-onesrc': 'Synced Healthy Succeeded at 9bcaceb on 9bcaceb',
  'v2.14.21/get-after-sync-pinned-old': 'OutOfSync Healthy Succeeded at cbe3fa2 on 7410d54',
  'v2.14.21/get-after-sync-with-infos': 'Synced Healthy Succeeded at 7410d54 on 7410d54',
  'v2.14.21/get-after-terminate': 'OutOfSync Healthy Failed at 919d1c6',
  'v2.14.21/get-empty-project': 'Synced Healthy Succeeded at db16b72 on db16b72',
  'v2.14.21/get-immediately-after-sync-with-infos': 'OutOfSync Healthy Running at 7410d54 on db16b72',
  'v2.14.21/get-multi-source': 'Synced Healthy Succeeded at db16b72,a68d13a on db16b72,a68d13a',
  'v2.14.21/get-plain': 'Synced Healthy Succeeded at db16b72 on db16b72',
  'v2.14.21/get-refresh-hard': 'Synced Healthy Succeeded at db16b72 on db16b72',
  'v2.14.21/get-refresh-normal': 'Synced Healthy Succeeded at db16b72 on db16b72',
  'v2.14.21/get-refresh-viewer': 'Synced Healthy Succeeded at db16b72 on db16b72',
  'v2.14.21/get-while-running': 'OutOfSync Healthy Running at 919d1c6',
  'v2.14.21/rollback-ok': 'OutOfSync Healthy Pending at cbe3fa2 on 7410d54',
  'v2.14.21/sync-fails': 'OutOfSync Missing Pending at 8797c44 on db16b72',
  'v2.14.21/sync-hook-never-ends': 'OutOfSync Healthy Pending at 919d1c6',
  'v2.14.21/sync-multi-source-revisions': 'OutOfSync Healthy Pending at 5696ebb,a68d13a on db16b72,a68d13a',
  'v2.14.21/sync-ok-with-infos': 'OutOfSync Healthy Pending at 7410d54 on db16b72',
  'v2.14.21/sync-onesrc': 'OutOfSync Healthy Pending at 9bcaceb on db16b72',
  'v2.14.21/sync-options': 'OutOfSync Healthy Pending at cbe3fa2 on 7410d54',
  'v2.14.21/sync-pinned-old': 'OutOfSync Healthy Pending at cbe3fa2 on 7410d54',
  'v2.14.21/sync-unknown-field': 'OutOfSync Healthy Pending at cbe3fa2 on 7410d54',
  'v3.1.16/get-after-sync-fails': 'OutOfSync Missing Failed at 95559a2 on 9a3ab16',
  'v3.1.16/get-after-sync-pinned-old': 'OutOfSync Healthy Succeeded at cd7e41b on 4b09c43',
  'v3.1.16/get-after-sync-with-infos': 'Synced Healthy Succeeded at 4b09c43 on 4b09c43',
  'v3.1.16/get-after-terminate': 'OutOfSync Healthy Failed at 053e4bf',
  'v3.1.16/get-empty-project': 'Synced Healthy Succeeded at 9a3ab16 on 9a3ab16',
  'v3.1.16/get-immediately-after-sync-with-infos': 'OutOfSync Healthy Pending at 4b09c43 on 9a3ab16',
  'v3.1.16/get-plain': 'Synced Healthy Succeeded at 9a3ab16 on 9a3ab16',
  'v3.1.16/get-refresh-hard': 'Synced Healthy Succeeded at 9a3ab16 on 9a3ab16',
  'v3.1.16/get-refresh-normal': 'Synced Healthy Succeeded at 9a3ab16 on 9a3ab16',
  'v3.1.16/get-refresh-viewer': 'Synced Healthy Succeeded at 9a3ab16 on 9a3ab16',
  'v3.1.16/get-while-running': 'OutOfSync Healthy Running at 053e4bf',
  'v3.1.16/sync-autooff-with-revision': 'Synced Healthy Pending at 9a3ab16 on 9a3ab16',
  'v3.1.16/sync-fails': 'OutOfSync Missing Pending at 95559a2 on 9a3ab16',
  'v3.1.16/sync-hook-never-ends': 'OutOfSync Healthy Pending at 053e4bf',
  'v3.1.16/sync-ok-with-infos': 'OutOfSync Healthy Pending at 4b09c43 on 9a3ab16',
  'v3.1.16/sync-options': 'OutOfSync Healthy Pending at cd7e41b on 4b09c43',
  'v3.1.16/sync-pinned-old': 'OutOfSync Healthy Pending at cd7e41b on 4b09c43',
  'v3.1.16/sync-unknown-field': 'OutOfSync Healthy Pending at cd7e41b on 4b09c43',
};

export const lists: Readonly<Record<string, Groups>> = {
  'v2.14.21/list-fields-product': {
    'Synced Healthy Succeeded partly':
      'argocd/autopilot argocd/byproj argocd/catalog argocd/checkout argocd/gateway argocd/guestbook argocd/killapp argocd/ledger argocd/onesrc argocd/payments argocd/stepwise team-b/search',
    'OutOfSync Healthy partly': 'argocd/gated argocd/migrate argocd/vault',
  },
  'v2.14.21/list-fields-spec-whole-and-members': {
    'Synced Unknown automated': '/autopilot',
    'Synced Unknown':
      '/byproj /catalog /checkout /gateway /guestbook /killapp /ledger /onesrc /payments /search /stepwise',
    'OutOfSync Unknown': '/gated /migrate /vault',
  },
  'v2.14.21/list-fields-spec-whole': {
    'Synced Unknown automated': '/autopilot',
    'Synced Unknown':
      '/byproj /catalog /checkout /gateway /guestbook /killapp /ledger /onesrc /payments /search /stepwise',
    'OutOfSync Unknown': '/gated /migrate /vault',
  },
  'v2.14.21/list-fields-while-running': {
    'OutOfSync Healthy Running partly': 'argocd/migrate',
  },
  'v3.1.16/list-fields-product': {
    'Synced Healthy Succeeded partly':
      'argocd/autooff argocd/autopilot argocd/byproj argocd/catalog argocd/checkout argocd/gateway argocd/guestbook argocd/killapp argocd/ledger argocd/onesrc argocd/payments argocd/stepwise',
    'OutOfSync Healthy partly': 'argocd/gated argocd/migrate argocd/vault',
    'OutOfSync Healthy Pending partly': 'team-b/search',
  },
  'v3.1.16/list-fields-spec-whole-and-members': {
    'Synced Unknown':
      '/autooff /byproj /catalog /checkout /gateway /guestbook /killapp /ledger /onesrc /payments /stepwise',
    'Synced Unknown automated': '/autopilot',
    'OutOfSync Unknown': '/gated /migrate /search /vault',
  },
  'v3.1.16/list-fields-spec-whole': {
    'Synced Unknown':
      '/autooff /byproj /catalog /checkout /gateway /guestbook /killapp /ledger /onesrc /payments /stepwise',
    'Synced Unknown automated': '/autopilot',
    'OutOfSync Unknown': '/gated /migrate /search /vault',
  },
  'v3.1.16/list-fields-while-running': {
    'OutOfSync Healthy Running partly': 'argocd/migrate',
  },
  'v3.4.7/list-fields-product': {
    'Synced Healthy Succeeded partly':
      'argocd/autooff argocd/autopilot argocd/byproj argocd/catalog argocd/checkout argocd/gateway argocd/guestbook argocd/killapp argocd/ledger argocd/onesrc argocd/payments argocd/stepwise team-b/search',
    'OutOfSync Missing partly': 'argocd/gated argocd/migrate argocd/vault',
  },
  'v3.4.7/list-fields-spec-whole-and-members': {
    'Synced Unknown':
      '/autooff /byproj /catalog /checkout /gateway /guestbook /killapp /ledger /onesrc /payments /search /stepwise',
    'Synced Unknown automated': '/autopilot',
    'OutOfSync Unknown': '/gated /migrate /vault',
  },
  'v3.4.7/list-fields-spec-whole': {
    'Synced Unknown':
      '/autooff /byproj /catalog /checkout /gateway /guestbook /killapp /ledger /onesrc /payments /search /stepwise',
    'Synced Unknown automated': '/autopilot',
    'OutOfSync Unknown': '/gated /migrate /vault',
  },
  'v3.4.7/list-fields-while-running': {
    'OutOfSync Missing Running partly': 'argocd/migrate',
  },
  'v3.5.1/list-fields-product': {
    'Synced Healthy Succeeded at 5aa2f78':
      'argocd/autooff argocd/byproj argocd/checkout argocd/gateway argocd/guestbook argocd/killapp argocd/ledger argocd/stepwise team-b/search',
    'Synced Healthy Succeeded at 5aa2f78 automated': 'argocd/autopilot',
    'Synced Healthy Succeeded': 'argocd/catalog argocd/onesrc',
    'OutOfSync Missing at 5aa2f78': 'argocd/gated argocd/migrate argocd/vault',
    'OutOfSync Missing Pending at 5aa2f78': 'argocd/payments',
  },
  'v3.5.1/list-fields-spec-whole': {
    'Synced Unknown':
      '/autooff /byproj /catalog /checkout /gateway /guestbook /killapp /ledger /onesrc /search /stepwise',
    'Synced Unknown automated': '/autopilot',
    'OutOfSync Unknown': '/gated /migrate /payments /vault',
  },
};

export const streams: Readonly<Record<string, StreamRow>> = {
  'v2.14.21/stream-sse-product': [
    'silence',
    {
      'Synced Healthy Succeeded at db16b72 on db16b72 automated': 'argocd/autooff',
      'Synced Healthy Succeeded at 04cd0eb on db16b72 automated': 'argocd/autopilot',
      'Synced Healthy Succeeded at db16b72 on db16b72': 'argocd/byproj argocd/checkout argocd/gateway',
      'Synced Healthy Succeeded at 5696ebb,a68d13a on 5696ebb,a68d13a': 'argocd/catalog',
      'OutOfSync Healthy at 04cd0eb': 'argocd/gated argocd/vault',
      'Synced Healthy Succeeded at 4ca69e9 on 4ca69e9': 'argocd/guestbook',
      'Synced Healthy Succeeded at 7410d54 on db16b72': 'argocd/killapp argocd/stepwise',
      'Synced Healthy Failed at 04cd0eb on db16b72': 'argocd/ledger',
      'OutOfSync Healthy Failed at 919d1c6': 'argocd/migrate',
      'Synced Healthy Succeeded at 9bcaceb on 9bcaceb': 'argocd/onesrc',
      'Synced Healthy Succeeded at 919d1c6 on 919d1c6': 'argocd/payments',
      'Synced Healthy Succeeded at 919d1c6 on 42696c7': 'team-b/search',
    },
  ],
  'v3.1.16/stream-sse-product': [
    'silence',
    {
      'Synced Healthy Succeeded at 9a3ab16 on 9a3ab16':
        'argocd/autooff argocd/byproj argocd/checkout argocd/gateway argocd/killapp argocd/stepwise',
      'Synced Healthy Succeeded at ee7a3d2 on 9a3ab16 automated': 'argocd/autopilot',
      'Synced Healthy Succeeded at 9f096e2,a68d13a on 9f096e2,a68d13a': 'argocd/catalog',
      'OutOfSync Healthy at 9a3ab16': 'argocd/gated argocd/vault',
      'Synced Healthy Succeeded at 0ad762f on 0ad762f': 'argocd/guestbook',
      'Synced Healthy Failed at ee7a3d2 on 9a3ab16': 'argocd/ledger',
      'OutOfSync Healthy Failed at 053e4bf': 'argocd/migrate',
      'Synced Healthy Succeeded at 1dad459 on 1dad459': 'argocd/onesrc',
      'OutOfSync Healthy Succeeded at ee7a3d2 on 4b09c43': 'argocd/payments',
      'OutOfSync Healthy Succeeded at 053e4bf on 9a3ab16': 'team-b/search',
    },
  ],
  'v3.4.7/stream-sse-product': [
    'silence',
    {
      'Synced Healthy Succeeded at 988d4cd on 988d4cd':
        'argocd/autooff argocd/byproj argocd/checkout argocd/gateway argocd/killapp argocd/stepwise',
      'Synced Healthy Succeeded at 988d4cd on 988d4cd automated': 'argocd/autopilot',
      'Synced Healthy Succeeded at bce7941,8f068f2 on bce7941,8f068f2': 'argocd/catalog',
      'OutOfSync Missing at 988d4cd': 'argocd/gated argocd/vault',
      'Synced Healthy Succeeded at 69397dd on 69397dd': 'argocd/guestbook',
      'Synced Healthy Failed at e293fcc on 988d4cd': 'argocd/ledger',
      'OutOfSync Missing Failed at 3f82b33': 'argocd/migrate',
      'Synced Healthy Succeeded at 7b0da3d on 7b0da3d': 'argocd/onesrc',
      'Synced Healthy Succeeded at 3f82b33 on 3f82b33': 'argocd/payments',
      'Synced Healthy Succeeded at 3f82b33 on 9e74dde': 'team-b/search',
    },
  ],
  'v3.5.1/stream-sse-product': [
    'silence',
    {
      'Synced Healthy Succeeded at 5aa2f78 on 5aa2f78':
        'argocd/autooff argocd/byproj argocd/checkout argocd/gateway argocd/killapp argocd/stepwise',
      'Synced Healthy Succeeded at 5aa2f78 on 5aa2f78 automated': 'argocd/autopilot',
      'Synced Healthy Succeeded at 956c925,b831db5 on 956c925,b831db5': 'argocd/catalog',
      'OutOfSync Missing at 5aa2f78': 'argocd/gated argocd/vault',
      'Synced Healthy Succeeded at 0e09eec on 0e09eec': 'argocd/guestbook',
      'Synced Healthy Failed at 512756a on 5aa2f78': 'argocd/ledger',
      'OutOfSync Missing Failed at d674db3': 'argocd/migrate',
      'Synced Healthy Succeeded at a24376b on a24376b': 'argocd/onesrc',
      'Synced Healthy Succeeded at d674db3 on d674db3': 'argocd/payments',
      'Synced Healthy Succeeded at d674db3 on d4a5071': 'team-b/search',
    },
  ],
};

const settings = 'the settings of the user interface: nobody here asks for them';

export const notPlayed: Readonly<Record<string, string>> = Object.fromEntries(
  ['v2.14.21', 'v3.1.16', 'v3.4.7', 'v3.5.1'].flatMap((version) => [
    [`${version}/settings`, settings],
    [`${version}/settings-no-token`, settings],
  ]),
);

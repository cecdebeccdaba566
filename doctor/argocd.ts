// Checks that Argo CD answers and accepts our token, and which applications it shows.
import { isWholeItem } from '../release-worker/argocd/application.ts';
import type { ListedApp } from '../release-worker/argocd/application.ts';
import type { Probed } from '../release-worker/argocd/client.ts';
import { ArgoCdError } from '../release-worker/argocd/errors.ts';
import { tooOld } from '../release-worker/argocd/version.ts';
import { toLocalTime, toTime } from '../messages/time.ts';
import type { Clock } from '../service/clock.ts';
import { messageOf } from '../service/log.ts';
import { counted, failed, ok, skipped, warning } from './row.ts';
import type { Row } from './row.ts';
import { expiryOf, lengthOf, soonMs } from './validity.ts';
import { late, within } from './within.ts';

/** The answer to a question, or why there is none. */
export type Asked<Answer> =
  { readonly answer: Answer; readonly fault?: never } | { readonly answer?: never; readonly fault: Fault };

export interface Fault {
  readonly found: string;
  readonly remedy: string;
  /** The kind of the client's error; `timeout` if the check stopped waiting */
  readonly kind: string;
}

export async function ask<Answer>(
  clock: Clock,
  ms: number,
  what: string,
  question: () => Promise<Answer>,
): Promise<Asked<Answer>> {
  try {
    const answer = await within(clock, ms, question());
    if (answer !== late) return { answer };
    return {
      fault: {
        found: `could not ${what}: no answer within ${lengthOf(ms)}`,
        remedy:
          'check whether Argo CD or the proxy in front of it is overloaded, and whether a firewall blocks the connection',
        kind: 'timeout',
      },
    };
  } catch (error) {
    return { fault: faultOf(error) };
  }
}

export function faultOf(error: unknown): Fault {
  if (!(error instanceof ArgoCdError))
    return {
      found: messageOf(error),
      remedy: 'correct this; docs/argocd-access.md explains the token, the proxy and the certificate',
      kind: 'configuration',
    };
  const { kind, found, remedy = remedies[kind] } = error;
  return { found, remedy: remedy ?? 'read the log of the Argo CD server (argocd-server)', kind };
}

/** The remedy if the error itself has none. */
const remedies: Readonly<Partial<Record<ArgoCdError['kind'], string>>> = {
  unauthenticated:
    'give the worker a valid token (argocd.token), and check that a proxy in front of Argo CD passes the token on',
  'forbidden-or-missing':
    'give the account the permission in the RBAC policy of Argo CD, and check that Argo CD reaches Kubernetes',
  unavailable: 'wait, or find out why Argo CD is overloaded or not ready',
  unreachable: 'check argocd.server (ARGOCD_SERVER), and the network between this machine and Argo CD',
};

export interface ArgoCdAnswers {
  readonly server: string;
  readonly probe: Asked<Probed>;
  readonly account: Asked<string | undefined>;
  readonly apps: Asked<readonly ListedApp[]>;
}

export interface TokenAbout {
  readonly token: string | undefined;
  readonly username: string | undefined;
  readonly hide: Hide;
  /** What to do if Argo CD does not accept the token */
  readonly remedy: string;
  readonly now: number;
}

/** Removes our secrets from a text that the server sent. */
export type Hide = (text: string) => string;

export function argocdRow({ server, probe }: ArgoCdAnswers, hide: Hide): Row {
  const about = { check: 'argocd' } as const;
  if (probe.fault !== undefined)
    return failed(about, probe.fault.found, probe.fault.remedy, { server, fault: probe.fault.kind });
  const { simulated } = probe.answer;
  const version = hide(probe.answer.version);
  const details = { server, version, simulated };
  const old = tooOld(version, server);
  if (old !== undefined) return warning(about, old.found, old.remedy, details);
  return ok(about, `${simulated ? 'a simulated ' : ''}Argo CD ${version} answers at ${server}`, details);
}

export function accountRow({ server, probe, account }: ArgoCdAnswers, about: TokenAbout): Row {
  const check = { check: 'account' } as const;
  const { token, username, hide, now } = about;
  if (probe.fault !== undefined) return skipped(check, 'not checked: Argo CD does not answer');
  const expiresAt = token === undefined ? undefined : expiryOf(token);
  const expires = expiresAt === undefined ? {} : { expires: toTime(expiresAt) };
  const method = token === undefined ? 'password' : 'token';
  if (account.fault !== undefined)
    return failed(check, account.fault.found, account.fault.remedy, {
      method,
      accepted: false,
      fault: account.fault.kind,
      ...expires,
    });
  if (account.answer === undefined)
    return failed(
      check,
      expiresAt !== undefined && expiresAt <= now
        ? `the token has expired: it was valid until ${toLocalTime(expiresAt)}`
        : `Argo CD at ${server} does not accept the ${method === 'token' ? 'token: it is wrong or revoked' : `session of ${username ?? ''}`}`,
      about.remedy,
      { method, accepted: false, ...expires },
    );

  const name = hide(account.answer);
  const details = { method, accepted: true, account: name, ...expires };
  if (method === 'password') return ok(check, `logged in as ${name}`, details);
  if (expiresAt === undefined) return ok(check, `${name}, with a token that contains no expiry`, details);
  const left = expiresAt - now;
  const until = `${name}, with a token that is valid until ${toLocalTime(expiresAt)}`;
  if (left <= 0)
    return warning(
      check,
      `${until}: by the clock of this machine it has expired, but Argo CD still accepts it`,
      'correct the clock of this machine',
      details,
    );
  if (left < soonMs) return warning(check, `${until}: ${lengthOf(left)} left`, about.remedy, details);
  return ok(check, `${until}: ${lengthOf(left)} left`, details);
}

export function applicationsRow({ probe, account, apps }: ArgoCdAnswers): Row {
  const about = { check: 'applications' } as const;
  if (probe.fault !== undefined) return skipped(about, 'not checked: Argo CD does not answer');
  if (apps.fault !== undefined) {
    const refused = account.fault !== undefined || account.answer === undefined;
    if (refused && apps.fault.kind === 'unauthenticated')
      return skipped(about, 'not checked: Argo CD does not accept the account');
    return failed(about, apps.fault.found, apps.fault.remedy, { fault: apps.fault.kind });
  }
  const visible = apps.answer.length;
  const projects = [...new Set(apps.answer.flatMap(({ project }) => project ?? []))].sort();
  const details = { visible, projects };
  if (visible === 0)
    return failed(
      about,
      'Argo CD shows this account no applications',
      `give the account the permission in argocd-rbac-cm: p, ${account.answer ?? 'release-button'}, applications, get, <project>/*, allow`,
      details,
    );
  const lacking = apps.answer.filter((app) => !isWholeItem(app)).length;
  if (lacking > 0)
    return failed(
      about,
      `the list of Argo CD lacks the specification of ${lacking} of ${counted(visible, 'application')}`,
      'check whether a proxy between this machine and Argo CD changes the answers of Argo CD',
      { ...details, lacking },
    );
  return ok(
    about,
    `${counted(visible, 'application')} visible, in ${counted(projects.length, 'project')}`,
    details,
  );
}

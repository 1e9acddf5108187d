import { escapeUnsafe } from '../../core/manifest/unsafe-characters.ts';
import type { ReplicaPlan } from '../../core/replicate/plan-replica.ts';
import type { Plan } from '../../core/stage/plan.ts';
import { type ArtifactReport, endedBefore, type StageReport, type StoreReport } from '../../core/stage/report.ts';
import { alignedRows } from '../aligned-rows.ts';
import { formatBytes } from '../progress/quantities.ts';
import { requestLine } from './request-line.ts';

/** Rows that a person reads; of more artifacts than this only those that are not well are listed. */
const mostRows = 40;

/** What happened, for people. */
export function stageSummary(report: StageReport): readonly string[] {
  const name = `${report.collection}@${report.version}`;
  // What a run that was ended did not get to needs no line each: the error says why.
  const reached = report.artifacts.filter(({ reason }) => reason !== endedBefore);
  const bad = reached.filter(({ state }) => state === 'failed' || state === 'unresolved' || state === 'skipped');
  const listed = reached.length <= mostRows ? reached : bad;
  const lines = alignedRows(listed.map(artifactRow));
  for (const artifact of bad) lines.push(...failureLines(artifact));
  // A run that did not publish touched no replica.
  const reachedReplicas = report.state === 'failed' || report.state === 'refused' ? [] : report.stores.slice(1);
  lines.push(...alignedRows(reachedReplicas.map(replicaRow)));
  lines.push(...report.notes.map((note) => `note: ${escapeUnsafe(note)}`));
  const requests = requestLine(report);
  if (requests !== undefined) lines.push(requests);
  lines.push(verdict(report, name));
  return lines;
}

function artifactRow(artifact: ArtifactReport): readonly string[] {
  const size = artifact.size === null ? '' : formatBytes(artifact.size);
  const from = artifact.state === 'staged' ? `from ${escapeUnsafe(artifact.source ?? '')}` : '';
  return [`  ${artifact.state}`, escapeUnsafe(artifact.file), size, from];
}

function failureLines(artifact: ArtifactReport): readonly string[] {
  const mark = artifact.required ? 'error' : 'warning';
  const attempts = artifact.attempts.filter(({ outcome }) => outcome !== 'ok');
  if (attempts.length === 0) return [`${mark}: ${artifact.id}: ${escapeUnsafe(artifact.reason ?? artifact.state)}`];
  return attempts.map(({ source, outcome, reason }) => {
    const where = reason.includes(source) ? '' : ` ${escapeUnsafe(source)}:`;
    return `${mark}: ${artifact.id}: ${outcome}:${where} ${escapeUnsafe(reason)}`;
  });
}

function verdict(report: StageReport, name: string): string {
  const [primary, ...replicas] = report.stores;
  const isThereNow = ({ state }: StoreReport) => state === 'published' || state === 'present';
  const store = [primary, ...replicas.filter(isThereNow)].map((one) => one?.store ?? '').join(', ');
  const fetched = report.artifacts.reduce((sum, { bytesFetched }) => sum + bytesFetched, 0);
  const total = report.artifacts.reduce((sum, artifact) => sum + (isThere(artifact) ? (artifact.size ?? 0) : 0), 0);
  const count = report.artifacts.filter(isThere).length;
  const what = `${count} ${count === 1 ? 'file' : 'files'}, ${formatBytes(total)}, ${formatBytes(fetched)} fetched`;
  switch (report.state) {
    case 'published':
      return `${name} published in ${store}: ${what}`;
    case 'present':
      return `${name} is in ${store} already: ${what}`;
    case 'degraded':
      return `${name} is published in ${store}: ${what}; degraded: ${lacking(replicas.filter((one) => !isThereNow(one)))}`;
    case 'refused':
      return report.published ? `${name} stays in ${store} as it was published` : `${name} NOT published in ${store}`;
    case 'failed':
    case 'superseded':
      return report.published
        ? `${name} is published in ${store}, and not all of it holds`
        : `${name} NOT published in ${store}`;
  }
}

/** Why the replicas that lack a release lack it, and how they get it. */
function lacking(replicas: readonly StoreReport[]): string {
  const reasons = replicas.map(({ store, reason }) => `${store}: ${escapeUnsafe(reason ?? 'not complete')}`).join('; ');
  // What was interrupted says it by itself.
  if (/\bsame command again\b/.test(reasons)) return reasons;
  return `${reasons.replace(/\.$/, '')}; mend that and run the same command, which copies what is missing`;
}

/** What was copied into a replica; one that needed nothing is named with the others only. */
function replicaRow({ store, state, copied }: StoreReport): readonly string[] {
  const { artifacts = 0, bytes = 0 } = copied ?? {};
  const amount = `${artifacts} ${artifacts === 1 ? 'file' : 'files'} copied`;
  return [`  ${state}`, store, formatBytes(bytes), amount];
}

function isThere({ state }: ArtifactReport): boolean {
  return state === 'staged' || state === 'copied' || state === 'present';
}

/** What would happen, for people. */
export function planSummary(plan: Plan): readonly string[] {
  const name = `${plan.collection}@${plan.version}`;
  const bad = plan.artifacts.filter(({ reason }) => reason !== '');
  const listed = plan.artifacts.length <= mostRows ? plan.artifacts : bad;
  const lines = alignedRows(
    listed.map(({ action, file, size, from }) => [
      `  ${action}`,
      escapeUnsafe(file),
      size === null ? '' : formatBytes(size),
      from === null ? '' : `from ${escapeUnsafe(from)}`,
    ]),
  );
  for (const { id, required, reason } of bad) {
    lines.push(`${required ? 'error' : 'warning'}: ${id}: ${escapeUnsafe(reason)}`);
  }
  lines.push(...plan.warnings.map((warning) => `note: ${escapeUnsafe(warning)}`));
  const { fetch, copy, present } = plan.bytes;
  lines.push(
    `fetch ${formatBytes(fetch)}, copy ${formatBytes(copy)}, present ${formatBytes(present)}; ` +
      `about ${requestWords(plan.requests)} requests to the store; buffers up to ${formatBytes(plan.memoryBound)}`,
  );
  lines.push(...(plan.replicas ?? []).map((replica) => `replica ${replica.store}: ${replicaVerdict(replica)}`));
  lines.push(planVerdict(plan, name));
  return lines;
}

function requestWords(requests: Plan['requests']): string {
  return Object.entries(requests)
    .filter(([, count]) => count > 0)
    .map(([kind, count]) => `${count} ${kind}`)
    .join(', ');
}

function replicaVerdict({ state, artifacts, bytes, requests, reason }: ReplicaPlan): string {
  if (state === 'unusable') return `would NOT receive it: ${escapeUnsafe(reason ?? '')}`;
  const files = `${artifacts} ${artifacts === 1 ? 'file' : 'files'}`;
  const what = `would receive ${files}, ${formatBytes(bytes.copy)}; about ${requestWords(requests)} requests`;
  return state === 'present' ? 'has it; nothing to do' : what;
}

function planVerdict(plan: Plan, name: string): string {
  if (!plan.publishable) return `${name} could NOT be published in ${plan.store} as things stand`;
  switch (plan.state) {
    case 'new':
      return `${name} would be published in ${plan.store}`;
    case 'present':
      return `${name} is published in ${plan.store}; nothing to do`;
    case 'repair':
      return `${name} is published in ${plan.store}; what is gone would be put back`;
  }
}

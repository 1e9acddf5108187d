/** Requests to its primary store that a run of `stage --json` reports, by kind. @throws Error for what is no report. */
export function storeRequests(stdout: string): Readonly<Record<string, number>> {
  const report = JSON.parse(stdout) as { stores?: readonly { requests?: Readonly<Record<string, number>> }[] };
  const requests = report.stores?.[0]?.requests;
  if (requests === undefined) throw new Error(`no requests were reported: ${stdout.slice(0, 1000)}`);
  return requests;
}

export function requestTotal(requests: Readonly<Record<string, number>>): number {
  return Object.values(requests).reduce((sum, count) => sum + count, 0);
}

/** `12 (get 3, put 9)` */
export function requestText(requests: Readonly<Record<string, number>>): string {
  const kinds = Object.entries(requests).filter(([, count]) => count > 0);
  return `${requestTotal(requests)} (${kinds.map(([kind, count]) => `${kind} ${count}`).join(', ')})`;
}

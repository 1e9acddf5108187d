const units: Readonly<Record<string, number>> = { s: 1, m: 60, h: 3600 };

/** Seconds of `900s`, `15m` or `1h`; undefined for anything else. */
export function lifetimeSeconds(text: string): number | undefined {
  const [, count, unit] = /^([1-9][0-9]*)(s|m|h)$/u.exec(text) ?? [];
  return count === undefined || unit === undefined ? undefined : Number(count) * (units[unit] ?? Number.NaN);
}

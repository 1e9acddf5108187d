import { UsageError } from '../../core/errors.ts';

const defaultDays = 90;
const mostDays = 3660;
const dayMilliseconds = 86_400_000;

/**
 * The last day of a token, `YYYY-MM-DD` in UTC, of a day or a number of days from now.
 * @throws UsageError for anything else, and for a day that is over.
 */
export function tokenExpiry(text: string | undefined, now: Date): string {
  const days = /^([1-9]\d{0,3})d$/u.exec(text ?? `${defaultDays}d`)?.[1];
  const day = days === undefined ? text : dayOf(new Date(now.getTime() + Number(days) * dayMilliseconds));
  const at = /^\d{4}-\d{2}-\d{2}$/u.test(day ?? '') ? new Date(`${day}T00:00:00Z`) : undefined;
  if (day === undefined || at === undefined || Number.isNaN(at.getTime()) || dayOf(at) !== day) {
    throw new UsageError(`not a day: ${text}`, {
      hint: 'Write one such as 2027-01-31, or a number of days such as 90d.',
    });
  }
  if (day < dayOf(now))
    throw new UsageError(`${day} is over`, { hint: 'Write the last day on which the token is good.' });
  if (at.getTime() - now.getTime() > mostDays * dayMilliseconds) {
    throw new UsageError(`${day} is more than ten years away`, {
      hint: 'A token that never ends is one nobody replaces.',
    });
  }
  return day;
}

function dayOf(at: Date): string {
  return at.toISOString().slice(0, 10);
}

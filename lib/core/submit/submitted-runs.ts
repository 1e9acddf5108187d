import { z } from 'zod';
import type { StateStore } from '../state/state-store.ts';

const submittedSchema = z.object({
  format: z.literal(1),
  publisher: z.string(),
  run: z.string(),
  attempt: z.string(),
  /** Name of the state bucket: a run of another deployment is not looked for in this one. */
  bucket: z.string(),
  release: z.string(),
  submittedAt: z.iso.datetime(),
});
/** An attempt that this machine submitted. */
export type SubmittedRun = Omit<z.infer<typeof submittedSchema>, 'format'>;

/** Remembers an attempt: a publisher may read its reports and not list them. */
export async function rememberRun(state: StateStore, run: SubmittedRun): Promise<void> {
  const name = `submitted/${run.run}/${run.attempt}.json`;
  await state.write(name, JSON.stringify({ format: 1, ...run }), { ifAbsent: true });
}

/** Attempts at a run that were submitted with this state, the oldest first: ULIDs sort by time. */
export async function rememberedRuns(state: StateStore, run: string): Promise<readonly SubmittedRun[]> {
  const found: SubmittedRun[] = [];
  for (const name of await state.list(`submitted/${run}/`)) {
    const document = await state.read(name);
    const parsed = submittedSchema.safeParse(document === undefined ? undefined : JSON.parse(document.text)).data;
    if (parsed !== undefined) found.push(parsed);
  }
  return found;
}

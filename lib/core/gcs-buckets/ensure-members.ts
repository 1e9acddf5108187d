import type { Bucket, Policy } from '@google-cloud/storage';
import { StoreError } from '../stores/store.ts';
import { codeOf, problemOf } from './google-fault.ts';
import type { WantedBucket } from './wanted-bucket.ts';

/** Reads, writes, lists and replaces objects; no settings, no policies. */
const writerRole = 'roles/storage.objectUser';
/** Reads objects, and does not list them. */
const readerRole = 'roles/storage.legacyObjectReader';
const everybody = 'allUsers';

const rounds = 5;

/**
 * Gives the writers their role, and everybody the right to read where that is wanted, or takes it back. Other members
 * and roles are left as they are.
 */
export async function ensureMembers(bucket: Bucket, wanted: WantedBucket): Promise<void> {
  for (let round = 0; round < rounds; round += 1) {
    try {
      const [policy] = await bucket.iam.getPolicy({ requestedPolicyVersion: 3 });
      const bindings = changed(policy.bindings, wanted);
      if (bindings === undefined) return;
      await bucket.iam.setPolicy({ ...policy, bindings });
      return;
    } catch (error) {
      if (codeOf(error) !== 412 || /public access prevention/i.test(String(error))) throw problemOf(wanted.name, error);
    }
  }
  throw new StoreError(`the policy of gs://${wanted.name} was changed by others each time`, { retryable: true });
}

/** Undefined when nothing is to be changed. */
function changed(before: Policy['bindings'], { writers, publicRead }: WantedBucket): Policy['bindings'] | undefined {
  const bindings = before.map((binding) => ({ ...binding, members: [...binding.members] }));
  const membersOf = (role: string) => {
    const found = bindings.find((binding) => binding.role === role && binding.condition === undefined);
    if (found !== undefined) return found.members;
    const members: string[] = [];
    bindings.push({ role, members });
    return members;
  };
  const missing = writers.filter((writer) => !membersOf(writerRole).includes(writer));
  membersOf(writerRole).push(...missing);
  const readers = membersOf(readerRole);
  const open = readers.includes(everybody);
  if (publicRead && !open) readers.push(everybody);
  if (!publicRead && open) readers.splice(readers.indexOf(everybody), 1);
  if (missing.length === 0 && open === publicRead) return undefined;
  return bindings.filter(({ members }) => members.length > 0);
}

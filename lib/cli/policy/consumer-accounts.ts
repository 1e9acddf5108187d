import { accessApiOf } from '../../contract/cloud/cloud-configuration.ts';
import type { CommandContext } from '../command-context.ts';
import { readDeployment } from '../load-deployment.ts';

/** `cloud.access.consumerAccounts` of weighbridge.yaml: accounts of which the access API knows the number alone. */
export function consumerAccounts({ configuration, cwd }: CommandContext): readonly string[] {
  if (configuration.file === undefined) return [];
  return accessApiOf(readDeployment(configuration.file, { cwd }).cloud)?.consumerAccounts ?? [];
}

import { loadSharedConfigFiles } from '@smithy/core/config';
import { NotAuthorised } from '../../core/errors.ts';

/** What a profile of the AWS configuration files says about places; its credentials are left to the SDK. */
export interface AwsProfile {
  readonly region: string | undefined;
  /** `endpoint_url`. */
  readonly endpoint: string | undefined;
}

/**
 * Reads `AWS_CONFIG_FILE` and `AWS_SHARED_CREDENTIALS_FILE`, `~/.aws/config` and `~/.aws/credentials` by default.
 * @param name that of `AWS_PROFILE`; undefined: the profile `default`, which need not exist
 * @throws NotAuthorised naming a profile that is in neither file.
 */
export async function readAwsProfile(name: string | undefined): Promise<AwsProfile> {
  const { configFile, credentialsFile } = await loadSharedConfigFiles();
  const config = configFile[name ?? 'default'];
  const credentials = credentialsFile[name ?? 'default'];
  if (name !== undefined && config === undefined && credentials === undefined) {
    throw new NotAuthorised(`AWS_PROFILE names the profile ${JSON.stringify(name)}, and there is none of that name`, {
      hint: `Add it with "aws configure --profile", or set AWS_PROFILE to one that "aws configure list-profiles" shows, or unset it.`,
      evidence: { profile: name },
    });
  }
  return {
    region: config?.region || credentials?.region || undefined,
    endpoint: config?.endpoint_url || undefined,
  };
}

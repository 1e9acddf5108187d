import type { AwsEmulator } from '../servers/start-aws-emulator.ts';

/** What every AWS client is made with to talk to an emulator: `new SFNClient(clientSettings(emulator))`. */
export function clientSettings({ region, url, credentials }: AwsEmulator): {
  readonly region: string;
  readonly endpoint: string;
  readonly credentials: AwsEmulator['credentials'];
  /** For S3; others take no notice. */
  readonly forcePathStyle: true;
} {
  return { region, endpoint: url, credentials, forcePathStyle: true };
}

import type { Bench } from './bench.ts';
import { installPeers } from './peer-programs.ts';

/** Not a measurement: the set-up of those that need rclone, s5cmd and the AWS CLI. */
export const install: Bench = {
  summary: 'installs rclone, s5cmd and the AWS CLI into .cache, in the versions that the figures were taken with',
  async run(_, print) {
    await installPeers(print);
  },
};

import { exitCodes } from '../../contract/exit-codes.ts';
import { UsageError } from '../../core/errors.ts';
import type { CommandRun } from '../command-context.ts';
import { newToken } from '../policy/new-token.ts';
import { revokeTokens } from '../policy/revoke-tokens.ts';

/** `token new NAME` and `token revoke NAME` */
export const run: CommandRun = async (context, { args, options }) => {
  const [action, name = ''] = args;
  const { policy, expires, digest } = options as Readonly<Record<string, string | undefined>>;
  if (action === 'new') {
    if (digest !== undefined) throw new UsageError('--digest is for token revoke');
    await newToken(context, { name, policy, expires });
  } else {
    if (expires !== undefined) throw new UsageError('--expires is for token new');
    await revokeTokens(context, { name, policy, digest });
  }
  return exitCodes.done;
};

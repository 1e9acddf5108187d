import type { FieldPath } from '../../manifest/field-path.ts';
import { type LooseFields, looseFields } from '../../manifest/manifest-document.ts';
import type { Finding } from '../../manifest/problem-list.ts';

/** What checks of a policy need to know besides it. */
export interface PolicyCheck {
  readonly placeholders: readonly string[];
  /** `cloud.access.consumerAccounts`: accounts of which the gateway tells the number alone. */
  readonly consumerAccounts: readonly string[];
  /** Undefined: nothing is said of what has expired. */
  readonly now: Date | undefined;
}

/** The three parts of a policy before it is known whether their shape is right. */
export interface LoosePolicy {
  readonly issuers: LooseFields;
  readonly principals: LooseFields;
  readonly grants: LooseFields;
}

export function loosePolicy(value: unknown): LoosePolicy {
  const { issuers, principals, grants } = looseFields(value);
  return { issuers: looseFields(issuers), principals: looseFields(principals), grants: looseFields(grants) };
}

export function warning(path: FieldPath, message: string, at: 'value' | 'key' = 'value'): Finding {
  return { path, message, severity: 'warning', at };
}

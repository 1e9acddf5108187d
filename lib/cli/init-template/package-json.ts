/** Versions that this program is tested with. */
export interface PackageVersions {
  /** This program's own version. */
  readonly weighbridge: string;
  readonly node: string;
  readonly cdk: CdkVersions;
}

export interface CdkVersions {
  /** `aws-cdk`: the latest in the registry may be a wrong release. */
  readonly cli: string;
  /** `aws-cdk-lib` */
  readonly library: string;
  readonly constructs: string;
  /** Feature flags. */
  readonly flags: Readonly<Record<string, unknown>>;
}

/**
 * package.json of a user's repository; `folder` becomes the name as far as npm allows.
 * @param cloud with what deploys
 */
export function packageJson(folder: string, versions: PackageVersions, cloud: boolean): string {
  const name =
    folder
      .toLowerCase()
      .replace(/[^a-z0-9._-]+/g, '-')
      .replace(/^[._-]+|[._-]+$/g, '') || 'models';
  const manifests = 'manifests/*/*.yaml';
  const { cdk } = versions;
  const document = {
    name,
    version: '0.0.0',
    private: true,
    ...(cloud ? { type: 'module' } : {}),
    description: 'Manifests of model weights, mirrored by Weighbridge.',
    scripts: {
      validate: `weighbridge validate ${manifests}`,
      lock: `weighbridge lock ${manifests}`,
      plan: `weighbridge plan ${manifests}`,
      stage: `weighbridge stage ${manifests}`,
      verify: 'weighbridge verify',
      ...(cloud ? { synth: 'cdk synth --quiet', diff: 'cdk diff', deploy: 'cdk deploy --all' } : {}),
    },
    // npm 12 runs no install script that is not allowed here; without it the `node` package is empty.
    allowScripts: { node: true },
    dependencies: {
      ...(cloud ? { 'aws-cdk': cdk.cli, 'aws-cdk-lib': cdk.library, constructs: cdk.constructs } : {}),
      node: versions.node,
      weighbridge: versions.weighbridge,
    },
  };
  return `${JSON.stringify(document, undefined, 2)}\n`;
}

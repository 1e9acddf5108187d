export interface PackageVersions {
  /** This program's own version. */
  readonly weighbridge: string;
  /** The Node that it is tested with. */
  readonly node: string;
}

/** package.json of a user's repository; `folder` becomes the name as far as npm allows. */
export function packageJson(folder: string, versions: PackageVersions): string {
  const name =
    folder
      .toLowerCase()
      .replace(/[^a-z0-9._-]+/g, '-')
      .replace(/^[._-]+|[._-]+$/g, '') || 'models';
  const manifests = 'manifests/*/*.yaml';
  const document = {
    name,
    version: '0.0.0',
    private: true,
    description: 'Manifests of model weights, mirrored by Weighbridge.',
    scripts: {
      validate: `weighbridge validate ${manifests}`,
      lock: `weighbridge lock ${manifests}`,
      plan: `weighbridge plan ${manifests}`,
      stage: `weighbridge stage ${manifests}`,
      verify: 'weighbridge verify',
    },
    // npm 12 runs no install script that is not allowed here; without it the `node` package is empty.
    allowScripts: { node: true },
    dependencies: { node: versions.node, weighbridge: versions.weighbridge },
  };
  return `${JSON.stringify(document, undefined, 2)}\n`;
}

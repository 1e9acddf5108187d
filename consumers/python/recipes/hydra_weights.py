"""
Hydra and OmegaConf: a setting names weights, and is their path when it is read.

    import hydra_weights
    hydra_weights.register("https://models.example.org/")

    # config.yaml
    checkpoint: ${weights:my-model@1.0.0,vae}       # an id, a file or an alias of a release
    pretrained: ${weights:/data/mine.ckpt}          # a file of one's own stays what it is

Nothing is fetched before the setting is read. `python train.py checkpoint=/data/mine.ckpt` needs no network at all.
"""

import weighbridge_get


def resolver(mirror):
    """What OmegaConf calls: (RELEASE, NAME), or one path."""

    def resolve(release, name=None):
        found = weighbridge_get.get(release, name, base=mirror)
        if isinstance(found, list):
            raise weighbridge_get.Usage(f"{release} is a whole release: write ${{weights:{release},NAME}}")
        return found

    return resolve


def register(mirror):
    from omegaconf import OmegaConf

    OmegaConf.register_new_resolver("weights", resolver(mirror), use_cache=True)

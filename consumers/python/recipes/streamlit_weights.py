"""
Streamlit: an app that fetches its weights shows how far it is, and never waits longer than it was told.

    import streamlit_weights
    path = streamlit_weights.weights("detector@1.0.0", "detector.pt", "https://models.example.org/")

The callback runs in the thread of the app, as Streamlit needs it.
"""

import streamlit

import weighbridge_get

MIB = 1024 * 1024


def weights(release, name, mirror, seconds=300):
    """The absolute path; where it cannot be had the app says why and stops."""
    bar = streamlit.progress(0.0, text=f"Looking for {name}")

    def show(done, total, file):
        share = done / total if total else 1.0
        bar.progress(share, text=f"{file}: {done / MIB:.0f} of {total / MIB:.0f} MiB")

    try:
        return weighbridge_get.get(release, name, base=mirror, progress=show, timeout=seconds)
    except weighbridge_get.TimedOut:
        streamlit.error(f"{name} did not come within {seconds} s. Reload to go on from there.")
    except weighbridge_get.WeighbridgeError as error:
        streamlit.error(str(error))
    finally:
        bar.empty()
    streamlit.stop()

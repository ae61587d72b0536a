"""The rules an electronic invoice must keep, checked by their ids: EN 16931, Peppol, XRechnung."""

"""The countries' numbering plans: each is imported when it is first asked for, so all are now."""

from __future__ import annotations

import phonenumbers
from phonenumbers import PhoneMetadata


def import_regions() -> None:
    """Import them all, so that no number brings an import about."""
    for region in phonenumbers.SUPPORTED_REGIONS:
        PhoneMetadata.metadata_for_region(region)
        PhoneMetadata.short_metadata_for_region(region)
    for code in phonenumbers.COUNTRY_CODES_FOR_NON_GEO_REGIONS:
        PhoneMetadata.metadata_for_nongeo_region(code)

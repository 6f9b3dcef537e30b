"""SOAP 1.1 as bytes and values: requests read, answers and faults written, two WSDLs. No HTTP."""

// Does not compile alone, on purpose: the control of the check of public headers.
#pragma once

inline std::string leans_on_its_includer();

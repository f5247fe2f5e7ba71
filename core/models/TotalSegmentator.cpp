#include "core/models/TotalSegmentator.h"

#include <algorithm>
#include <array>
#include <string_view>

namespace lorkd::models {
namespace {

enum class Terms { Open, Licensed, NonCommercial };

struct Row {
  int number;
  std::string_view word;  // in the name of the data set
  std::string_view task;
  std::string_view part;
  Terms terms = Terms::Open;
};

constexpr std::array rows{
    Row{8, "HepaticVessel", "liver_vessels", ""},
    Row{113, "ToothFairy3", "teeth", ""},
    Row{115, "mandible", "craniofacial_structures", ""},
    Row{117, "lung_airways_arteries_veins", "lung_vessels", ""},
    Row{150, "icb_v0", "cerebral_bleed", ""},
    Row{258, "lung_vessels", "lung_vessels_LEGACY", ""},
    Row{260, "hip_implant", "hip_implant", ""},
    Row{291, "TotalSegmentator_part1_organs", "total", "part1_organs"},
    Row{292, "TotalSegmentator_part2_vertebrae", "total", "part2_vertebrae"},
    Row{293, "TotalSegmentator_part3_cardiac", "total", "part3_cardiac"},
    Row{294, "TotalSegmentator_part4_muscles", "total", "part4_muscles"},
    Row{295, "TotalSegmentator_part5_ribs", "total", "part5_ribs"},
    Row{297, "TotalSegmentator_total_3mm", "total --fast", ""},
    Row{298, "TotalSegmentator_total_6mm", "total --fastest", ""},
    Row{299, "body", "body", ""},
    Row{300, "body_6mm", "body --fast", ""},
    Row{301, "heart_highres", "heartchambers_highres", "", Terms::Licensed},
    Row{303, "face", "face", "", Terms::Licensed},
    Row{304, "appendicular_bones", "appendicular_bones", "", Terms::Licensed},
    Row{305, "vertebrae_discs", "vertebrae_body", "", Terms::Licensed},
    Row{315, "thoraxCT", "pleural_pericard_effusion", ""},
    Row{343, "mediastinum", "trunk_cavities", ""},
    Row{351, "oculomotor_muscles", "oculomotor_muscles", ""},
    Row{409, "neuro", "brain_structures", "", Terms::Licensed},
    Row{481, "tissue", "tissue_types", "", Terms::Licensed},
    Row{485, "tissue_4types", "tissue_4_types", "", Terms::Licensed},
    Row{507, "coronary_arteries", "coronary_arteries_LEGACY", "", Terms::Licensed},
    Row{509, "coronary_arteries", "coronary_arteries", "", Terms::Licensed},
    Row{514, "annulus_pulmonary", "pulmonary_artery_landmarks", "", Terms::Licensed},
    Row{527, "breasts", "breasts", ""},
    Row{552, "ventricle_parts", "ventricle_parts", ""},
    Row{570, "ct_liver_segments", "liver_segments", ""},
    Row{576, "mri_liver_segments", "liver_segments_mr", ""},
    Row{589, "ct_mri_liver_lesions", "liver_lesions_mr", ""},
    Row{591, "ct_liver_lesions", "liver_lesions", ""},
    Row{597, "mri_body", "body_mr", ""},
    Row{598, "mri_body_6mm", "body_mr --fast", ""},
    Row{615, "MAXIMUS", "brain_aneurysm", "", Terms::NonCommercial},
    Row{710, "renal_arteries", "renal_arteries", "", Terms::Licensed},
    Row{713, "annulus_proper", "aorta_annulus", "", Terms::Licensed},
    Row{716, "aorta_true_false_lumen", "aortic_dissection", "", Terms::Licensed},
    Row{756, "mri_vertebrae", "vertebrae_mr", ""},
    Row{775, "head_glands_cavities", "head_glands_cavities", ""},
    Row{776, "headneck_bones_vessels", "headneck_bones_vessels", ""},
    Row{777, "head_muscles", "head_muscles", ""},
    Row{778, "headneck_muscles_part1", "headneck_muscles", "part1"},
    Row{779, "headneck_muscles_part2", "headneck_muscles", "part2"},
    Row{789, "kidney_cyst", "kidney_cysts", ""},
    Row{803, "TotalSegmentator_vertebrae_inner", "vertebrae_pp", "", Terms::Licensed},
    Row{831, "TotalSegmentator_part1_organs", "total_v3", "part1_organs"},
    Row{832, "TotalSegmentator_part2_vertebrae", "total_v3", "part2_vertebrae"},
    Row{833, "TotalSegmentator_part3_cardiac", "total_v3", "part3_cardiac"},
    Row{834, "TotalSegmentator_part4_muscles", "total_v3", "part4_muscles"},
    Row{835, "TotalSegmentator_part5_ribs", "total_v3", "part5_ribs"},
    Row{836, "TotalSegmentator_total_3mm", "total_v3 --fast", ""},
    Row{837, "TotalSegmentator_total_6mm", "total_v3 --fastest", ""},
    Row{850, "TotalSegMRI_part1_organs", "total_mr", "part1_organs"},
    Row{851, "TotalSegMRI_part2_muscles", "total_mr", "part2_muscles"},
    Row{852, "TotalSegMRI_total_3mm", "total_mr --fast", ""},
    Row{853, "TotalSegMRI_total_6mm", "total_mr --fastest", ""},
    Row{855, "TotalSegMRI_appendicular_bones", "appendicular_bones_mr", "", Terms::Licensed},
    Row{856, "TotalSegMRI_face", "face_mr", "", Terms::Licensed},
    Row{857, "TotalSegMRI_thigh_shoulder", "thigh_shoulder_muscles", "", Terms::Licensed},
    Row{913, "lung_nodules", "lung_nodules", ""},
    Row{920, "aortic_sinuses", "aortic_sinuses", "", Terms::Licensed},
    Row{925, "MRI_tissue", "tissue_types_mr", "", Terms::Licensed},
    Row{952, "abdominal_muscles", "abdominal_muscles", ""},
};

const char* words(Terms terms) {
  switch (terms) {
    case Terms::Open:
      return "Apache License 2.0, as TotalSegmentator's open tasks are";
    case Terms::Licensed:
      return "one of TotalSegmentator's tasks that need a licence of their own, free for non-commercial use alone";
    case Terms::NonCommercial:
      return "CC BY-NC: non-commercial use alone";
  }
  return "";
}

}  // namespace

std::optional<TotalSegmentatorModel> totalSegmentatorModel(int number, const std::string& name) {
  const auto* row = std::ranges::find(rows, number, &Row::number);
  if (row == rows.end()) return {};
  return TotalSegmentatorModel{std::string(row->task), std::string(row->part), words(row->terms),
                               name.find(row->word) != name.npos};
}

}  // namespace lorkd::models

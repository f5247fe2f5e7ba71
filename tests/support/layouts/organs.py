"""Organs of the trunk in CT and MR, and the heart."""
import numpy as np

from .truth import layout
from .writers import blocks, image, labels, mask, place, table, text, volume


@layout("totalsegmentator", 3, 3, labels=["liver", "spleen", "kidney_left"])
def totalsegmentator(out):
    for n in range(3):
        image(out / f"s{n:04}" / "ct.nii.gz", n)
        for m, organ in enumerate(("liver", "spleen", "kidney_left")):
            mask(out / f"s{n:04}" / "segmentations" / f"{organ}.nii.gz", n, m)
    table(out / "meta.csv", "image_id;age;gender;institute;study_type;split;manufacturer",
          [(f"s{n:04}", 50 + n, "mf"[n % 2], "I", "ct abdomen", "train", "siemens") for n in range(3)], ";")


@layout("totalsegmentator-mr", 3, 3, labels=["liver", "spleen"])
def totalsegmentator_mr(out):
    for n in range(3):
        image(out / f"s{n:04}" / "mri.nii.gz", n, "mr")
        for m, organ in enumerate(("liver", "spleen")):
            mask(out / f"s{n:04}" / "segmentations" / f"{organ}.nii.gz", n, m)


@layout("abdomenatlas", 3, 3, labels=["liver", "spleen"])
def abdomenatlas(out):
    for n in range(3):
        folder = out / "AbdomenAtlas1.0Mini" / f"BDMAP_{n + 1:08}"
        image(folder / "ct.nii.gz", n)
        for m, organ in enumerate(("liver", "spleen")):
            mask(folder / "segmentations" / f"{organ}.nii.gz", n, m)


@layout("abdomenatlas-combined", 3, 3, labels=["liver", "spleen"])
def abdomenatlas_combined(out):
    """Since version 1.1 the masks lie beside one map of them all, whose values are named in the paper."""
    abdomenatlas(out)
    for n in range(3):
        labels(out / "AbdomenAtlas1.0Mini" / f"BDMAP_{n + 1:08}" / "combined_labels.nii.gz", n)


@layout("flare22", 5, 5, labelled=3)
def flare22(out):
    for n in range(1, 4):
        image(out / "Training" / "FLARE22_LabeledCase50" / "images" / f"FLARE22_Tr_{n:04}_0000.nii.gz", n)
        labels(out / "Training" / "FLARE22_LabeledCase50" / "labels" / f"FLARE22_Tr_{n:04}.nii.gz", n, (1, 2, 13))
    for n in range(4, 6):
        image(out / "Training" / "FLARE22_UnlabeledCase1-500" / f"Case_{n:05}_0000.nii.gz", n)


@layout("btcv", 4, 4, labelled=3, splits={"train": 3, "test": 1})
def btcv(out):
    for n in range(1, 4):
        image(out / "RawData" / "Training" / "img" / f"img{n:04}.nii.gz", n)
        labels(out / "RawData" / "Training" / "label" / f"label{n:04}.nii.gz", n)
    image(out / "RawData" / "Testing" / "img" / "img0061.nii.gz", 4)


@layout("lits", 4, 4)
def lits(out):
    for n in range(4):
        batch = out / f"Training Batch {1 + n // 2}"
        image(batch / f"volume-{n}.nii", n)
        labels(batch / f"segmentation-{n}.nii", n)


@layout("ct-org", 3, 3)
def ct_org(out):
    for n in range(3):
        image(out / "OrganSegmentations" / f"volume-{n}.nii.gz", n)
        labels(out / "OrganSegmentations" / f"labels-{n}.nii.gz", n, (1, 2, 5))
    text(out / "OrganSegmentations" / "README.txt", "0: Background\n1: Liver\n2: Bladder\n")


@layout("kits19", 4, 4, labelled=3)
def kits19(out):
    for n in range(4):
        image(out / "data" / f"case_{n:05}" / "imaging.nii.gz", n)
        if n < 3:
            labels(out / "data" / f"case_{n:05}" / "segmentation.nii.gz", n)
    text(out / "data" / "kits.json", [{"case_id": f"case_{n:05}"} for n in range(4)])


@layout("kits21", 3, 3)
def kits21(out):
    """Three ways to make one map of the annotations; the majority's is the one to use."""
    for n in range(3):
        folder = out / "kits21" / "data" / f"case_{n:05}"
        image(folder / "imaging.nii.gz", n)
        for way in ("AND", "MAJ", "OR"):
            labels(folder / f"aggregated_{way}_seg.nii.gz", n, (1, 2, 3))
        for a in (1, 2):
            labels(folder / "segmentations" / f"kidney_instance-1_annotation-{a}.nii.gz", n, [1])
    text(out / "kits21" / "data" / "kits.json", [])


@layout("kits23", 3, 3)
def kits23(out):
    for n in range(3):
        folder = out / "dataset" / f"case_{n:05}"
        image(folder / "imaging.nii.gz", n)
        labels(folder / "segmentation.nii.gz", n, (1, 2, 3))
        for a in (1, 2):
            labels(folder / "instances" / f"kidney_instance-1_annotation-{a}.nii.gz", n, [1])
    text(out / "dataset" / "kits23.json", [])


@layout("kipa22", 4, 4, labelled=3)
def kipa22(out):
    for n in range(3):
        image(out / "train" / "image" / f"{n}.nii.gz", n)
        labels(out / "train" / "label" / f"{n}.nii.gz", n, (1, 2, 3, 4))
    image(out / "open_test" / "image" / "70.nii.gz", 3)


@layout("segthor", 4, 4, labelled=3, splits={"train": 3, "test": 1})
def segthor(out):
    for n in range(1, 4):
        image(out / "train" / f"Patient_{n:02}" / f"Patient_{n:02}.nii.gz", n)
        labels(out / "train" / f"Patient_{n:02}" / "GT.nii.gz", n, (1, 2, 3, 4))
    image(out / "test" / "Patient_41.nii.gz", 4)


@layout("structseg", 3, 3)
def structseg(out):
    for n in range(1, 4):
        image(out / "HaN_OAR" / str(n) / "data.nii.gz", n)
        labels(out / "HaN_OAR" / str(n) / "label.nii.gz", n)


@layout("sliver07", 3, 3, splits={"train": 3})
def sliver07(out):
    for n in range(1, 4):
        image(out / "training" / f"liver-orig{n:03}.mhd", n)
        labels(out / "training" / f"liver-seg{n:03}.mhd", n, [1])


@layout("labels-table", 3, 3, labels=["liver", "tumour"])
def label_table(out):
    """A table of names beside the labels, as many institutes write it."""
    for n in range(3):
        image(out / "images" / f"case_{n}.nii.gz", n)
        labels(out / "labels" / f"case_{n}.nii.gz", n)
    table(out / "labels" / "labels.csv", "value,name", [(1, "liver"), (2, "tumour")])


@layout("pelvic1k", 3, 3)
def pelvic1k(out):
    for n in range(1, 4):
        image(out / "CTPelvic1K_dataset6_data" / f"dataset6_CLINIC_{n:04}_data.nii.gz", n)
        labels(out / "ipcai2021_dataset6_Anonymized" / f"dataset6_CLINIC_{n:04}_mask_4label.nii.gz", n, (1, 2, 3, 4))


@layout("promise12", 3, 3)
def promise12(out):
    for n in range(3):
        image(out / "TrainingData_Part1" / f"Case{n:02}.mhd", n, "mr")
        labels(out / "TrainingData_Part1" / f"Case{n:02}_segmentation.mhd", n, [1])


@layout("prostate158", 3, 3, labels=["anatomy 1", "anatomy 2", "tumor"], channels=["t2", "adc", "dwi"])
def prostate158(out):
    """Several maps an image, called after what they hold and who drew them."""
    folder = out / "prostate158_train"
    for n in range(3):
        case = folder / "train" / f"{n + 20:03}"
        for contrast in ("t2", "adc", "dwi"):
            image(case / f"{contrast}.nii.gz", n, "mr")
        labels(case / "t2_anatomy_reader1.nii.gz", n)
        mask(case / "t2_tumor_reader1.nii.gz", n, 2)
        mask(case / "adc_tumor_reader1.nii.gz", n, 2)
    table(folder / "train.csv", "ID,t2,adc,dfi,t2_anatomy_reader1,t2_tumor_reader1",
          [(n + 20, *(f"train/{n + 20:03}/{f}.nii.gz" for f in ("t2", "adc", "dwi", "t2_anatomy_reader1",
                                                                 "t2_tumor_reader1"))) for n in range(3)])


@layout("pi-cai", 4, 3, channels=["t2w", "adc", "hbv"])
def pi_cai(out):
    """One folder a patient, with several studies; the radiologists' labels go before the network's."""
    lesions = out / "picai_labels" / "csPCa_lesion_delineations"
    for n, (patient, study) in enumerate(((10000, 1000000), (10001, 1000001), (10001, 1000002), (10002, 1000003))):
        for contrast in ("t2w", "adc", "hbv"):
            image(out / "images" / str(patient) / f"{patient}_{study}_{contrast}.mha", n, "mr")
        for who in ("human_expert/resampled", "AI/Bosma22a"):
            labels(lesions / who / f"{patient}_{study}.nii.gz", n, (2, 3) if n % 2 else [1])


@layout("pi-cai-all", 3, 3, channels=["t2w", "adc", "hbv"])
def pi_cai_all(out):
    """With sagittal and coronal T2 on grids of their own, and the gland's masks beside the lesions'."""
    for n in range(3):
        stem = f"{10000 + n}_{1000000 + n}"
        for m, contrast in enumerate(("t2w", "adc", "hbv", "sag", "cor")):
            at = (lambda k: ((9, 8, 5 + k), (1.25, 1.5, 2.4), (-19.0 + k, 15.5, -29.0))) if m > 2 else place
            image(out / "picai_public_images_fold0" / str(10000 + n) / f"{stem}_{contrast}.mha", n, "mr", at)
        for folder, value in (("csPCa_lesion_delineations/human_expert/resampled", 2),
                              ("anatomical_delineations/whole_gland/AI/Bosma22b", 1)):
            labels(out / "picai_labels" / folder / f"{stem}.nii.gz", n, [value])


@layout("acdc", 4, 2, splits={"train": 4})
def acdc(out):
    """Two frames a patient; the whole sequence lies beside them without labels."""
    for n in (1, 2):
        folder = out / "ACDC" / "database" / "training" / f"patient{n:03}"
        for m, frame in enumerate((1, 12)):
            image(folder / f"patient{n:03}_frame{frame:02}.nii.gz", n, "mr")
            labels(folder / f"patient{n:03}_frame{frame:02}_gt.nii.gz", n, (1, 2, 3))
        image(folder / f"patient{n:03}_4d.nii.gz", n, "mr", volumes=5)
        text(folder / "Info.cfg", "ED: 1\nES: 12\nGroup: DCM\nHeight: 184.0\nNbFrame: 30\nWeight: 95.0\n")


def frames(path, n, marked, of=4, values=(1, 2, 3)):
    """Labels in four dimensions that mark some of the frames."""
    size, spacing, origin = place(n)
    marks = np.zeros((*size, of), "uint8")
    for frame in marked:
        marks[..., frame] = blocks(size, values)
    return volume(path, marks, spacing, origin)


@layout("mnms", 4, 2)
def mnms(out):
    """Sequences in four dimensions, of which the labels mark two frames, and one that nobody marked."""
    for n, (code, late) in enumerate((("A0S9V9", 2), ("A1D0Q7", 3))):
        folder = out / "OpenDataset" / "Training" / "Labeled" / code
        image(folder / f"{code}_sa.nii.gz", n, "mr", volumes=4)
        frames(folder / f"{code}_sa_gt.nii.gz", n, (0, late))
    image(out / "OpenDataset" / "Training" / "Unlabeled" / "B3E2W8" / "B3E2W8_sa.nii.gz", 2, "mr", volumes=4)
    table(out / "OpenDataset" / "211230_M&Ms_Dataset_information_diagnosis_opendataset.csv",
          ",External code,ED,ES,Pathology", [(0, "A0S9V9", 0, 2, "HCM"), (1, "A1D0Q7", 0, 3, "NOR")])


@layout("sequence-one-structure", 4, 2, expect="rule")
def sequence_one_structure(out):
    """Each volume marks one value: they may be frames, or structures one behind the other."""
    for n in range(2):
        image(out / "images" / f"case_{n}.nii.gz", n, "mr", volumes=4)
        frames(out / "labels" / f"case_{n}.nii.gz", n, (0, 3), values=(1,))


@layout("sequence-one-label", 2, 2, refused=True, expect="rule")
def sequence_one_label(out):
    """One label map for a sequence: nobody says which frame it marks."""
    for n in range(2):
        image(out / "images" / f"case_{n}.nii.gz", n, "mr", volumes=4)
        labels(out / "labels" / f"case_{n}.nii.gz", n)


@layout("mnms2", 8, 2)
def mnms2(out):
    """Long and short axis at two times are images of one patient."""
    for n in (1, 2):
        for m, name in enumerate(f"{axis}_{time}" for axis in ("SA", "LA") for time in ("ED", "ES")):
            image(out / "dataset" / f"{n:03}" / f"{n:03}_{name}.nii.gz", n + m // 2 * 2, "mr")
            labels(out / "dataset" / f"{n:03}" / f"{n:03}_{name}_gt.nii.gz", n + m // 2 * 2, (1, 2, 3))


@layout("camus", 8, 2)
def camus(out):
    """Pictures of ultrasound in NIfTI: two dimensions, and sequences of them."""
    def flat(n):
        return (8, 9), (0.3, 0.3), (0.0, 0.0, 0.0)
    for n in (1, 2):
        folder = out / "database_nifti" / f"patient{n:04}"
        for stem in (f"patient{n:04}_{view}_{time}" for view in ("2CH", "4CH") for time in ("ED", "ES")):
            image(folder / f"{stem}.nii.gz", n, "mr", flat)
            marks = blocks(place(0)[0], (1, 2, 3))[:, :, 1]
            volume(folder / f"{stem}_gt.nii.gz", marks, *flat(n)[1:])
        text(folder / "Info_2CH.cfg", "ED: 1\nES: 18\n")


@layout("mmwhs", 4, 4)
def mmwhs(out):
    """Numbers of four digits in the middle of a name; 1001 in CT and in MR are not the same patient."""
    for n in range(4):
        kind, number = ("ct", "mr")[n % 2], 1001 + n // 2
        image(out / f"{kind}_train" / f"{kind}_train_{number}_image.nii.gz", n, kind)
        labels(out / f"{kind}_train" / f"{kind}_train_{number}_label.nii.gz", n, (205, 420, 500))


@layout("left-atrium-2018", 3, 3)
def left_atrium(out):
    """Labels are called after what they mark, images after how they were made: laendo and lgemri."""
    for n, code in enumerate(("0RZDK210BSMWAA6467LU", "1D7CUD1955YZPGK8XHJX", "2NZ5FYRR6BPKNMEDRGXF")):
        image(out / "Training Set" / code / "lgemri.nrrd", n, "mr")
        labels(out / "Training Set" / code / "laendo.nrrd", n, [255])
